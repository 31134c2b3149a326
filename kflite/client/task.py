"""A task of a run, for users."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kflite.core.event_kind import State
from kflite.core.frozen import dataclass
from kflite.core.paths import RunPaths
from kflite.core.value import Value
from kflite.errors import NotFound
from kflite.runs.artifact import RunArtifact
from kflite.runs.log_files import log_files, read
from kflite.store.base import AttemptRow, TaskRow


@dataclass(frozen=True, slots=True)
class Task:
    """A snapshot of a task or of a group of tasks (a loop, a branch, a nested pipeline)."""

    row: TaskRow
    attempts: tuple[AttemptRow, ...]
    paths: RunPaths

    @property
    def name(self) -> str:
        """The path: `for-loop-1[0]/fit`."""
        return self.row.task

    @property
    def state(self) -> State:
        return self.row.state

    @property
    def reason(self) -> str:
        """The reason for the state in a word, such as `cached` or `Timeout`, or ""."""
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
    def inputs(self) -> Mapping[str, RunArtifact | list[RunArtifact]]:
        """Input artifacts."""
        return RunArtifact.named(self.row.inputs, self.paths)

    @property
    def outputs(self) -> Mapping[str, Value]:
        """Output parameters; a single return value is `Output`."""
        return self.row.outputs

    @property
    def artifacts(self) -> Mapping[str, RunArtifact | list[RunArtifact]]:
        """Output artifacts."""
        return RunArtifact.named(self.row.artifacts, self.paths)

    def log_files(self, attempt: int = 0) -> list[Path]:
        """The log file of each replica of an attempt, 0 for the latest one."""
        return log_files(self.paths, self.name, attempt or self.row.attempts)

    def logs(self, attempt: int = 0, replica: int = 0) -> str:
        """The log of a replica of an attempt, 0 for the latest one; invalid UTF-8 is replaced.

        Raises NotFound where nothing ran.
        """
        files = self.log_files(attempt)
        if replica >= len(files):
            raise NotFound(f"task {self.name} has no log of replica {replica} in attempt {attempt or self.row.attempts}")
        return read(files[replica])
