"""Where the logs of tasks are on this machine."""

from __future__ import annotations

from pathlib import Path

from kflite.core.event_kind import State
from kflite.core.paths import RunPaths
from kflite.store.base import TaskRow


def title(task: str, log: Path) -> str:
    """What stands before the lines of a log: the task's path, and the replica where there are several."""
    return task if log.name == "log" else f"{task} {log.name.removeprefix('log.')}"


def wanted(log: Path, replica: str) -> bool:
    """Whether a log is that of the replica: `1`, `worker.1`, or "" for each."""
    name = log.name.removeprefix("log.")
    return not replica or replica in (name, name.rpartition(".")[2]) or (log.name == "log" and replica == "0")


def logs_of(place: RunPaths, tasks: list[TaskRow], attempt: int, replica: str) -> list[tuple[str, Path]]:
    """(title, file) of all logs of an attempt at each task, of the latest one if 0."""
    ran = [task for task in tasks if task.attempts and task.state is not State.SKIPPED]
    return [
        (title(task.task, log), log)
        for task in ran
        for log in log_files(place, task.task, attempt or task.attempts)
        if wanted(log, replica)
    ]


def log_files(place: RunPaths, task: str, attempt: int) -> list[Path]:
    """The log files of an attempt, by role and index; those of one that ran on another machine are brought here first."""
    return local_logs(place, task, attempt) or (_brought(place, task, attempt) if place.remote else [])


def local_logs(place: RunPaths, task: str, attempt: int) -> list[Path]:
    """The log files that are here."""
    folder = place.attempt(task, attempt)
    return sorted((path for path in folder.glob("log*") if path.is_file()), key=_by_index)


def _brought(place: RunPaths, task: str, attempt: int) -> list[Path]:
    from kflite.store.blobs import artifacts

    kept = place.logs(task, attempt)
    for name in artifacts.names(kept) if artifacts.exists(kept) else ():
        artifacts.fetch(f"{kept}/{name}", place.attempt(task, attempt) / name)
    return local_logs(place, task, attempt)


def _by_index(path: Path) -> tuple[str, int]:
    stem, _, index = path.name.rpartition(".")
    return (stem, int(index)) if index.isdigit() else (path.name, 0)
