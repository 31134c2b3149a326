"""The folders and files that a job needs on the machine before its containers or pods start."""

from __future__ import annotations

import os
from pathlib import Path

from kflite.core.job import Job, Replica


def working_folder(job: Job, replica: Replica) -> Path:
    """The replica's working folder."""
    return job.folder / replica.log.name.replace("log", "work", 1)


def home(job: Job) -> Path:
    """The HOME of all replicas."""
    return job.folder / "home"


def prepare(job: Job, shared: bool) -> None:
    """Make the job's folders, files and the parents of its outputs, all private to the user.

    shared: open them to the user's group, which containers that run as their image's own user are members of.
    """
    working = [working_folder(job, replica) for replica in job.replicas]
    own = [job.folder, home(job), *working, *(path.parent for path in (*job.outputs, *job.files))]
    for folder in (*job.shared_folders, *own):
        _make(folder)
    for path, text in job.files.items():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    for replica in job.replicas:
        os.close(os.open(replica.log, os.O_WRONLY | os.O_CREAT, 0o600))
    if shared:
        for path in {*job.shared_folders, *own, *job.files, *_between(job.shared_folders, own)}:
            path.chmod(path.stat().st_mode | (0o070 if path.is_dir() else 0o040))


def _make(folder: Path) -> None:
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)


def _between(roots: tuple[Path, ...], folders: list[Path]) -> set[Path]:
    return {above for folder in folders for above in folder.parents if any(above.is_relative_to(root) for root in roots)}
