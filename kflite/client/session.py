"""The seam between the client's handles and what holds the runs: plain data in and out; nothing blocks the event loop.

`LocalSession` is a store with a scheduler of this process; one that speaks HTTP to a server can take its place.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kflite.core.event import Event
from kflite.core.event_kind import State

if TYPE_CHECKING:
    from kflite.config import Settings
    from kflite.core.paths import RunPaths
    from kflite.runs.inputs import RunInput
    from kflite.runs.lineage import Lineage
    from kflite.scheduler.submission import Submission
    from kflite.store.base import ArtifactRow, AttemptRow, CacheRow, Query, RunRow, TaskRow
    from kflite.store.catalogue import ExperimentRow, VersionRow
    from kflite.target import Target


@dataclass(frozen=True, slots=True)
class RunRecord:
    """All that is known of a run. inputs: the artifacts that it was given; paths: where its files are on this machine."""

    run: RunRow
    paths: RunPaths
    tasks: tuple[TaskRow, ...] = ()
    attempts: tuple[AttemptRow, ...] = ()
    inputs: tuple[ArtifactRow, ...] = ()


class Session(Protocol):
    """Runs, by their ids or unique beginnings of ids. Raises NotFound for what is not there, and StoreError."""

    @property
    def settings(self) -> Settings:
        """Where runs go that do not say so, and where their files lie."""

    async def open(self) -> None:
        """Begin; to be called before anything else."""

    async def close(self) -> None:
        """Leave what runs to itself."""

    # Runs that begin, and begin again.
    async def submit(self, submission: Submission) -> RunRecord:
        """Store and begin a run. Raises InputError."""

    async def clone(self, run: str, changes: Mapping[str, RunInput]) -> Submission:
        """A submission of the same, with other parameters and artifacts. Raises InputError."""

    async def retry(self, run: str, changed: Target | None, keep: bool, tasks: Sequence[str]) -> RunRecord:
        """Do again what did not succeed in a run that has ended. Raises InputError."""

    async def resume(self, run: str) -> RunRecord:
        """Go on with a run whose scheduler is gone. Raises InputError where it has ended, or has a scheduler."""

    async def resume_all(self) -> list[RunRecord]:
        """Go on with all runs whose schedulers are gone."""

    async def take(self, run: str) -> RunRecord:
        """Take over a run as soon as nobody has it; one that was left to this session alone, and that others may find first."""

    async def orphans(self) -> list[str]:
        """Ids of runs that have not ended and that no scheduler has."""

    async def cancel(self, run: str, reason: str, kill: bool) -> None:
        """Ask a run to stop. kill: with no time to end in peace."""

    # Runs as they are.
    async def run(self, run: str) -> RunRecord:
        """A run with all that is known of it."""

    async def runs(self, query: Query) -> list[RunRecord]:
        """Runs without their tasks, attempts and inputs. Raises InputError for a query that makes no sense."""

    async def document(self, record: RunRecord) -> tuple[str, str]:
        """The kind and the document of the run's plan."""

    def events(self, run: str, after: int = 0) -> AsyncGenerator[list[Event], None]:
        """Batches of a run's events after number `after`, as they are stored, until the caller closes it."""

    async def past_events(self, run: str, after: int = 0) -> list[Event]:
        """Events after number `after` that are stored already; not all of them where they are many."""

    async def ended(self, run: str) -> State:
        """Wait for a run's end. run: its whole id."""

    # What users note, and remove.
    async def label(self, run: str, labels: Mapping[str, str | None]) -> None:
        """Set labels, and remove those that are None. Raises InputError."""

    async def archive(self, runs: Sequence[str], archived: bool) -> None:
        """Hide runs from listings, or show them again. Raises InputError for one that goes on."""

    async def delete(self, run: str) -> None:
        """Remove a run that has ended, with its logs and artifacts. Raises InputError for one that goes on."""

    # Artifacts and cached results.
    async def artifact(self, id: str) -> ArtifactRow:
        """An artifact by its id, RUN/TASK/OUTPUT."""

    async def artifacts(self, run: str, limit: int) -> list[ArtifactRow]:
        """Artifacts of a run, or of all for ""; the newest first."""

    async def lineage(self, of: str, up: bool, down: bool) -> Lineage:
        """What an artifact or a task came from, and what was made from it."""

    async def cached(self, pipeline: str, limit: int) -> list[CacheRow]:
        """Cached results of a pipeline, or of all for ""; the newest first."""

    async def uncache(self, keys: Sequence[str]) -> int:
        """Remove cached results; returns how many there were."""

    # Pipelines and experiments.
    async def pipeline(self, name: str, version: str) -> Target:
        """An uploaded pipeline; the newest version for ""."""

    async def versions(self, name: str) -> list[VersionRow]:
        """All versions of a pipeline, the newest first; of all pipelines for ""."""

    async def upload(self, target: Target, name: str, version: str, description: str) -> VersionRow:
        """Keep a target's pipeline as the newest version of `name`. Raises InputError."""

    async def remove_versions(self, name: str, version: str) -> None:
        """Remove a version of a pipeline, or all of them for ""."""

    async def experiments(self, archived: bool | None) -> list[ExperimentRow]:
        """Experiments, the newest first. archived: only those; None: all."""

    async def experiment(self, name: str) -> ExperimentRow:
        """An experiment, with the count of its runs."""

    async def create_experiment(self, name: str, description: str) -> ExperimentRow:
        """A new experiment. Raises InputError where there is one of this name."""

    async def archive_experiment(self, name: str, archived: bool) -> None:
        """Hide an experiment and its runs from listings, or show them again."""

    async def delete_experiment(self, name: str, runs: bool) -> int:
        """Remove an experiment, and with `runs` all of its runs; returns how many. Raises InputError while it has others."""
