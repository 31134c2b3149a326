"""Log files of tasks on this machine."""

from __future__ import annotations

from pathlib import Path

from kflite.core.event_kind import State
from kflite.core.paths import RunPaths
from kflite.store.base import TaskRow


def title(task: str, log: Path) -> str:
    """The prefix for a log's lines: the task's path, and the replica where there are several."""
    return task if log.name == "log" else f"{task} {log.name.removeprefix('log.')}"


def read(log: Path) -> str:
    """A log's text; invalid UTF-8 is replaced."""
    return log.read_bytes().decode("utf-8", "replace")


def matches_replica(log: Path, replica: str) -> bool:
    """Whether a log belongs to the replica: `1`, `worker.1`, or "" for any."""
    name = log.name.removeprefix("log.")
    return not replica or replica in (name, name.rpartition(".")[2]) or (log.name == "log" and replica == "0")


def logs_of(paths: RunPaths, tasks: list[TaskRow], attempt: int, replica: str) -> list[tuple[str, Path]]:
    """(title, file) of all logs of an attempt at each task, 0 for the latest one."""
    ran = [task for task in tasks if task.attempts and task.state is not State.SKIPPED]
    return [
        (title(task.task, log), log)
        for task in ran
        for log in log_files(paths, task.task, attempt or task.attempts)
        if matches_replica(log, replica)
    ]


def log_files(paths: RunPaths, task: str, attempt: int) -> list[Path]:
    """The log files of an attempt, by role and index; those from another machine are fetched first."""
    return local_logs(paths, task, attempt) or (_fetched(paths, task, attempt) if paths.remote else [])


def local_logs(paths: RunPaths, task: str, attempt: int) -> list[Path]:
    """The log files on this machine."""
    folder = paths.attempt(task, attempt)
    return sorted((path for path in folder.glob("log*") if path.is_file()), key=_by_index)


def _fetched(paths: RunPaths, task: str, attempt: int) -> list[Path]:
    from kflite.store.blobs import artifacts

    remote = paths.logs(task, attempt)
    for name in artifacts.names(remote) if artifacts.exists(remote) else ():
        artifacts.fetch(f"{remote}/{name}", paths.attempt(task, attempt) / name)
    return local_logs(paths, task, attempt)


def _by_index(path: Path) -> tuple[str, int]:
    stem, _, index = path.name.rpartition(".")
    return (stem, int(index)) if index.isdigit() else (path.name, 0)
