"""A task of a run, as a user reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kflite.client.made import Made
from kflite.errors import NotFound
from kflite.event import State
from kflite.place import Place
from kflite.store.base import AttemptRow, TaskRow
from kflite.value import Value


@dataclass(frozen=True, slots=True)
class Task:
    """A task, or a group of tasks (a loop, a branch, a pipeline inside the pipeline), as it was when it was read."""

    row: TaskRow
    attempts: tuple[AttemptRow, ...]
    place: Place

    @property
    def name(self) -> str:
        """The path: `for-loop-1[0]/fit`."""
        return self.row.task

    @property
    def state(self) -> State:
        return self.row.state

    @property
    def reason(self) -> str:
        """Why it is in this state, in a word: `cached`, `Timeout`; "" where there is nothing to say."""
        return self.row.reason

    @property
    def message(self) -> str:
        """The reason in a sentence."""
        return self.row.message

    @property
    def parameters(self) -> Mapping[str, Value]:
        """Input parameters."""
        return self.row.parameters

    @property
    def inputs(self) -> Mapping[str, Made | list[Made]]:
        """Input artifacts."""
        return Made.named(self.row.inputs, self.place)

    @property
    def outputs(self) -> Mapping[str, Value]:
        """Output parameters; a single return value is `Output`."""
        return self.row.outputs

    @property
    def artifacts(self) -> Mapping[str, Made | list[Made]]:
        """Output artifacts."""
        return Made.named(self.row.artifacts, self.place)

    def log_files(self, attempt: int = 0) -> list[Path]:
        """The log of each replica of an attempt, of the latest one if 0."""
        return log_files(self.place, self.name, attempt or self.row.attempts)

    def logs(self, attempt: int = 0, replica: int = 0) -> str:
        """What a replica wrote in an attempt, of the latest one if 0; bytes that are no text are replaced.

        Raises NotFound where nothing ran.
        """
        files = self.log_files(attempt)
        if replica >= len(files):
            raise NotFound(f"task {self.name} has no log of replica {replica} in attempt {attempt or self.row.attempts}")
        return files[replica].read_bytes().decode("utf-8", "replace")


def log_files(place: Place, task: str, attempt: int) -> list[Path]:
    """The log files of an attempt, by role and index; those of one that ran on another machine are brought here first."""
    return local_logs(place, task, attempt) or (_brought(place, task, attempt) if place.remote else [])


def local_logs(place: Place, task: str, attempt: int) -> list[Path]:
    """The log files that are here."""
    folder = place.attempt(task, attempt)
    return sorted((path for path in folder.glob("log*") if path.is_file()), key=_by_index)


def _brought(place: Place, task: str, attempt: int) -> list[Path]:
    from kflite.store import artifacts

    kept = place.logs(task, attempt)
    for name in artifacts.names(kept) if artifacts.exists(kept) else ():
        artifacts.fetch(f"{kept}/{name}", place.attempt(task, attempt) / name)
    return local_logs(place, task, attempt)


def _by_index(path: Path) -> tuple[str, int]:
    stem, _, index = path.name.rpartition(".")
    return (stem, int(index)) if index.isdigit() else (path.name, 0)
