"""The seam between the client's handles and the runs: plain data in and out; no call blocks the event loop.

`LocalSession` is a store with a scheduler of this process; one that speaks HTTP to a server can take its place.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from kflite.core.event import Event
from kflite.core.event_kind import State
from kflite.core.frozen import dataclass

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
    """Runs, by ids or unique prefixes of ids. Raises NotFound and StoreError."""

    @property
    def settings(self) -> Settings:
        """The default target of runs, and the folder or URL of their artifacts."""

    async def open(self) -> None:
        """Open the session, before any other call."""

    async def close(self) -> None:
        """Close the session; what runs goes on."""

    # Runs that begin, and begin again.
    async def submit(self, submission: Submission) -> RunRecord:
        """Store and begin a run. Raises InputError."""

    async def clone(self, run: str, changes: Mapping[str, RunInput]) -> Submission:
        """A submission of the same run with changed parameters and artifacts. Raises InputError."""

    async def retry(self, run: str, changed: Target | None, keep: bool, tasks: Sequence[str]) -> RunRecord:
        """Run again what did not succeed in an ended run. Raises InputError."""

    async def resume(self, run: str) -> RunRecord:
        """Continue a run whose scheduler is gone. Raises InputError if it has ended or has a scheduler."""

    async def resume_all(self) -> list[RunRecord]:
        """Continue all runs whose schedulers are gone."""

    async def take(self, run: str) -> RunRecord:
        """Adopt a run as soon as it has no owner. It was left to this session, but another may be faster."""

    async def orphans(self) -> list[str]:
        """Ids of unended runs without a scheduler."""

    async def cancel(self, run: str, reason: str, kill: bool) -> None:
        """Ask a run to stop. kill: at once, with no time to end."""

    # Runs as they are.
    async def run(self, run: str) -> RunRecord:
        """A run with its tasks, attempts and inputs."""

    async def runs(self, query: Query) -> list[RunRecord]:
        """Runs without their tasks, attempts and inputs. Raises InputError for an invalid query."""

    async def document(self, record: RunRecord) -> tuple[str, str]:
        """The kind and the document of the run's plan."""

    def events(self, run: str, after: int = 0) -> AsyncGenerator[list[Event], None]:
        """Batches of a run's events after number `after`, as they are stored, until the caller closes the generator."""

    async def past_events(self, run: str, after: int = 0) -> list[Event]:
        """Stored events after number `after`, perhaps not all of them."""

    async def ended(self, run: str) -> State:
        """Wait for a run's end. run: its full id."""

    # What users note, and remove.
    async def label(self, run: str, labels: Mapping[str, str | None]) -> None:
        """Set labels, and remove those that are None. Raises InputError."""

    async def archive(self, runs: Sequence[str], archived: bool) -> None:
        """Hide runs from listings, or show them again. Raises InputError for an unended one."""

    async def delete(self, run: str) -> None:
        """Remove an ended run with its logs and artifacts. Raises InputError for an unended one."""

    # Artifacts and cached results.
    async def artifact(self, id: str) -> ArtifactRow:
        """An artifact by its id, RUN/TASK/OUTPUT."""

    async def artifacts(self, run: str, limit: int) -> list[ArtifactRow]:
        """Artifacts of a run, or of all for ""; the newest first."""

    async def lineage(self, of: str, up: bool, down: bool) -> Lineage:
        """The sources of an artifact or task, and what was made from it."""

    async def cached(self, pipeline: str, limit: int) -> list[CacheRow]:
        """Cached results of a pipeline, or of all for ""; the newest first."""

    async def delete_cached(self, keys: Sequence[str]) -> int:
        """Remove cached results; returns how many there were."""

    # Pipelines and experiments.
    async def pipeline(self, name: str, version: str) -> Target:
        """An uploaded pipeline; the newest version for ""."""

    async def versions(self, name: str) -> list[VersionRow]:
        """All versions of a pipeline, the newest first; of all pipelines for ""."""

    async def upload(self, target: Target, name: str, version: str, description: str) -> VersionRow:
        """Upload a target's pipeline as the newest version of `name`. Raises InputError."""

    async def remove_versions(self, name: str, version: str) -> None:
        """Remove a version of a pipeline, or all of them for ""."""

    async def experiments(self, archived: bool | None) -> list[ExperimentRow]:
        """Experiments, the newest first. archived: whether archived, None for both."""

    async def experiment(self, name: str) -> ExperimentRow:
        """An experiment, with the count of its runs."""

    async def create_experiment(self, name: str, description: str) -> ExperimentRow:
        """Create an experiment. Raises InputError if the name is taken."""

    async def archive_experiment(self, name: str, archived: bool) -> None:
        """Hide an experiment and its runs from listings, or show them again."""

    async def delete_experiment(self, name: str, runs: bool) -> int:
        """Remove an experiment, and with `runs` its runs, too; returns how many. Raises InputError for runs without `runs`."""
