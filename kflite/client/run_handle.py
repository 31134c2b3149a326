"""The handle of a run, whether it is of this process, of another, or ended.

The package has a function `run`, so that no module of it can have that name.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Self

from kflite.client.task import Task
from kflite.core.event import Event
from kflite.core.event_kind import Kind, State
from kflite.core.value import Value
from kflite.errors import KfliteError
from kflite.runs.artifact import RunArtifact, by_output
from kflite.runs.as_json import run_json
from kflite.runs.log_files import read, title

if TYPE_CHECKING:
    from kflite.client.followers import Followers
    from kflite.client.session import RunRecord, Session
    from kflite.core.paths import RunPaths
    from kflite.figures.data import Visualization
    from kflite.store.base import AttemptRow, RunRow, TaskRow


class Run:
    """A run as last known; attributes never ask the store.

    What a handle tells of a run that goes on is refreshed while its client is open, from when the handle is first looked at;
    `wait` and `load` refresh it at once. A handle of `Client.runs` has no tasks and inputs until `await run.load()`.
    """

    def __init__(self, session: Session, followers: Followers, record: RunRecord, loaded: bool = True) -> None:
        self._session, self._followers, self._record = session, followers, record
        self._loaded, self._followed = loaded, False

    def __repr__(self) -> str:
        return f"<kflite.Run {self.id} {self._record.run.state}>"

    def _latest(self) -> RunRecord:
        if not self._followed and not self._record.run.state.ended:
            self._followed = self._followers.begin(self.id, self._refresh)
        return self._record

    async def _refresh(self) -> bool:
        self._followed = not (await self.load()).row.state.ended
        return not self._followed

    @property
    def loaded(self) -> bool:
        """Whether the run's tasks and inputs are loaded."""
        return self._loaded

    def _whole(self) -> RunRecord:
        if not self._loaded:
            raise KfliteError(f"run {self.id} is known by its row only: call `await run.load()` first")
        return self._latest()

    @property
    def id(self) -> str:
        """The run's id."""
        return self._record.run.run

    @property
    def record(self) -> RunRecord:
        """The run's record as last known. Reading it refreshes nothing."""
        return self._record

    @property
    def paths(self) -> RunPaths:
        """The run's paths on this machine."""
        return self._record.paths

    @property
    def row(self) -> RunRow:
        """The run's row, as listed."""
        return self._latest().run

    @property
    def name(self) -> str:
        return self._record.run.name

    @property
    def state(self) -> State:
        return self.row.state

    @property
    def reason(self) -> str:
        """The reason for the state, or ""."""
        return self.row.reason

    @property
    def parameters(self) -> Mapping[str, Value]:
        return self._record.run.parameters

    @property
    def inputs(self) -> Mapping[str, RunArtifact | list[RunArtifact]]:
        """The run's input artifacts, by name."""
        return RunArtifact.named(by_output(self._whole().inputs), self.paths)

    @property
    def labels(self) -> Mapping[str, str]:
        return self._record.run.labels

    @property
    def outputs(self) -> Mapping[str, Value | RunArtifact | list[RunArtifact]]:
        """Output parameters as values, output artifacts as objects with `.uri` and `.path`, by name."""
        outputs = self.row.outputs
        parameters, artifacts = outputs.get("parameters") or {}, outputs.get("artifacts") or {}
        assert isinstance(parameters, dict)
        assert isinstance(artifacts, dict)
        return {**parameters, **RunArtifact.named(artifacts, self.paths)}

    @property
    def tasks(self) -> Mapping[str, Task]:
        """Tasks by path, in the order of queueing."""
        record = self._whole()
        attempts: dict[str, list[AttemptRow]] = {}
        for attempt in record.attempts:
            attempts.setdefault(attempt.task, []).append(attempt)
        return {row.task: Task(row, tuple(attempts.get(row.task, ())), record.paths) for row in record.tasks}

    @property
    def metrics(self) -> Mapping[str, float]:
        """All numbers that tasks logged or returned, by `task/name`."""
        from kflite.figures.metrics import metrics

        return metrics(self.task_rows, self.figures.values())

    @property
    def figures(self) -> Mapping[str, Visualization]:
        """Visualizations by `task/output`; their `.figures` are tables, ROC curves, confusion matrices, slices and pages."""
        from kflite.figures.read import visualizations

        return {visualization.name: visualization for visualization in visualizations(self.task_rows)}

    def report(self, path: str | os.PathLike[str] = "", *, network: bool = False) -> Path:
        """Write a page with all that is to be seen of the run; returns its absolute path.

        path: the file, of kflite's own choice if "". network: let HTML that tasks wrote load scripts from the network.
        """
        from kflite.html.document import write
        from kflite.html.run import run_page

        text = run_page(self.row, self.task_rows, list(self.figures.values()), self.paths, network)
        return write(text, Path(path) if path else self.paths.runs / "report.html")

    def _repr_html_(self) -> str:
        from kflite.html.document import part
        from kflite.html.report import report

        shown = [visualization for visualization in self.figures.values() if not visualization.is_page]
        return part(report(self.row, self.task_rows, shown, {}, network=False))

    @property
    def task_rows(self) -> list[TaskRow]:
        """The tasks as the store keeps them."""
        return list(self._whole().tasks)

    def logs(self) -> str:
        """The logs of all tasks, each under its path; invalid UTF-8 is replaced."""
        logs = [(title(name, path), path) for name, task in self.tasks.items() for path in task.log_files()]
        return "\n".join(f"==> {heading} <==\n{read(path)}" for heading, path in logs)

    async def events(self, after: int = 0) -> AsyncIterator[Event]:
        """Past and future events after number `after`, until the run ends."""
        async with aclosing(self._session.events(self.id, after)) as batches:
            over = False
            async for batch in batches:
                for event in batch:
                    over = event.kind is Kind.RUN_ENDED or (over and event.kind is not Kind.RUN_RETRIED)
                    yield event
                if over:
                    return

    async def wait(self) -> Self:
        """Wait for the run's end, in whichever process it runs; returns this handle with the ended run loaded."""
        await self._session.ended(self.id)
        return await self.load()

    async def load(self) -> Self:
        """Load the run as it is now; returns this handle."""
        self._record, self._loaded = await self._session.run(self.id), True
        return self

    async def document(self) -> tuple[str, str]:
        """The kind and the document: a pipeline's IR, or a tuning's specification."""
        return await self._session.document(self._record)

    async def cancel(self, reason: str = "cancelled") -> None:
        """Ask the run to stop; `wait` returns when it has."""
        await self._session.cancel(self.id, reason, kill=False)

    def json(self) -> dict[str, Value]:
        """The object that `kflite show --json` prints."""
        return run_json(self.row, self.task_rows)
