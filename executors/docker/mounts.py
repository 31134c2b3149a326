"""A replica's mounts as Docker's API takes them.

Source: https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerCreate
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from kflite.core.job import Job, Replica
from kflite.executors.docker.spec import Bind
from kflite.executors.volumes import MountView, Volumes, given

_ANYBODY = 0o1777  # as of a folder for temporary files: in memory there is nobody else


def binds(job: Job, volumes: Volumes, shared: bool) -> dict[int, list[Bind]]:
    """The mounts of replicas by rank; their files are written. Blocks.

    shared: open folders to the user's group. Raises ExecutorError for what cannot be mounted.
    """
    return {replica.rank: _of(job, replica, volumes, shared) for replica in job.replicas if replica.role.mounts}


def _of(job: Job, replica: Replica, volumes: Volumes, shared: bool) -> list[Bind]:
    return [_bind(job, replica, number, seen, shared) for number, seen in enumerate(volumes.seen(job, replica))]


def _bind(job: Job, replica: Replica, number: int, seen: MountView, shared: bool) -> Bind:
    if seen.source:
        _open(seen.source, shared)
        return {"Type": "bind", "Source": str(seen.source), "Target": seen.path}
    if seen.files is None:
        options = {"Mode": _ANYBODY} | ({"SizeBytes": seen.size} if seen.size else {})
        return {"Type": "tmpfs", "Target": seen.path, "TmpfsOptions": options}
    folder = given(job, replica, number)
    _write(folder, seen.files, shared)
    return {"Type": "bind", "Source": str(folder), "Target": seen.path, "ReadOnly": True}


def _write(folder: Path, files: Mapping[str, bytes], shared: bool) -> None:
    for name, content in files.items():
        with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        _open(folder / name, shared)
    _open(folder, shared)


def _open(path: Path, shared: bool) -> None:
    if shared:
        path.chmod(path.stat().st_mode | (0o070 if path.is_dir() else 0o040))
