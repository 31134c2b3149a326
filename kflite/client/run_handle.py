"""The handle of a run: what users hold, whether the run is theirs, another process's, or over."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from kflite.client.task import Task
from kflite.core.event import Event, Kind, State
from kflite.core.value import Value
from kflite.runs.artifact import Made, by_output
from kflite.runs.as_json import run_json
from kflite.store.follow import follow

if TYPE_CHECKING:
    from kflite.client.client import Client
    from kflite.figures.data import Visualization
    from kflite.store.base import AttemptRow, RunRow, TaskRow


class Run:
    """A run. What it tells is read when it is asked for; once it has ended, or the client is closed, what was read last."""

    def __init__(self, client: Client, row: RunRow) -> None:
        self._client, self._last = client, row
        self._tasks: dict[str, Task] | None = None
        self._given: dict[str, Made | list[Made]] | None = None
        self.place = client.place(row)

    def __repr__(self) -> str:
        return f"<kflite.Run {self.id} {self._last.state}>"

    @property
    def id(self) -> str:
        """The run's id; any unique beginning of it names the run on the command line."""
        return self._last.run

    @property
    def row(self) -> RunRow:
        """The run as the store lists it."""
        if not self._last.state.ended and self._client.open:
            self._last = self._client.store.run(self.id)
        return self._last

    @property
    def name(self) -> str:
        return self._last.name

    @property
    def state(self) -> State:
        return self.row.state

    @property
    def reason(self) -> str:
        """Why it is in this state; "" where there is nothing to say."""
        return self.row.reason

    @property
    def parameters(self) -> Mapping[str, Value]:
        return self._last.parameters

    @property
    def inputs(self) -> Mapping[str, Made | list[Made]]:
        """The artifacts that the run was given, by name."""
        if self._client.open and self._given is None:
            self._given = Made.named(by_output(self._client.store.given(self.id)), self.place)
        return self._given or {}

    @property
    def labels(self) -> Mapping[str, str]:
        return self._last.labels

    @property
    def outputs(self) -> Mapping[str, Value | Made | list[Made]]:
        """Output parameters as values, output artifacts as objects with `.uri` and `.path`, by name."""
        held = self.row.outputs
        parameters, artifacts = held.get("parameters") or {}, held.get("artifacts") or {}
        assert isinstance(parameters, dict)
        assert isinstance(artifacts, dict)
        return {**parameters, **Made.named(artifacts, self.place)}

    @property
    def tasks(self) -> Mapping[str, Task]:
        """Tasks by their path, in the order in which they were queued."""
        if self._client.open and (self._tasks is None or not self._last.state.ended):
            over = self.row.state.ended
            tasks = self._read()
            if not over:
                return tasks
            self._tasks = tasks
        return self._tasks or {}

    def _read(self) -> dict[str, Task]:
        attempts: dict[str, list[AttemptRow]] = {}
        for attempt in self._client.store.attempts(self.id):
            attempts.setdefault(attempt.task, []).append(attempt)
        rows = self._client.store.tasks(self.id)
        return {row.task: Task(row, tuple(attempts.get(row.task, ())), self.place) for row in rows}

    @property
    def metrics(self) -> Mapping[str, float]:
        """All numbers that tasks logged or returned, by `task/name`."""
        from kflite.figures.metrics import metrics

        return metrics(self._rows(), self.figures.values())

    @property
    def figures(self) -> Mapping[str, Visualization]:
        """What can be shown, by `task/output`: `.figures` of each are tables, ROC curves, confusion matrices, slices, pages."""
        from kflite.figures.read import visualizations

        return {exhibit.name: exhibit for exhibit in visualizations(self._rows())}

    def report(self, path: str | os.PathLike[str] = "", *, network: bool = False) -> Path:
        """Write a page with all that is to be seen of the run; returns its absolute path.

        path: the file, of kflite's own choice if "". network: let HTML that tasks wrote load scripts from the network.
        """
        from kflite.html.document import write
        from kflite.html.run import run_page

        text = run_page(self.row, self._rows(), list(self.figures.values()), self.place, network)
        return write(text, Path(path) if path else self.place.runs / "report.html")

    def _repr_html_(self) -> str:
        from kflite.html.document import part
        from kflite.html.report import report

        shown = [exhibit for exhibit in self.figures.values() if not exhibit.is_page]
        return part(report(self.row, self._rows(), shown, {}, network=False))

    def _rows(self) -> list[TaskRow]:
        return [task.row for task in self.tasks.values()]

    def logs(self) -> str:
        """The logs of all tasks, each under its path; bytes that are no text are replaced."""
        parts = [_headed(name, path) for name, task in self.tasks.items() for path in task.log_files()]
        return "\n".join(parts)

    async def events(self, after: int = 0) -> AsyncIterator[Event]:
        """What happened since event number `after`, and what happens, until the run ends."""
        async with aclosing(follow(self._client.store, self.id, after)) as batches:
            over = False
            async for batch in batches:
                for event in batch:
                    over = event.kind is Kind.RUN_ENDED or (over and event.kind is not Kind.RUN_RETRIED)
                    yield event
                if over:
                    return

    async def wait(self) -> Run:
        """Wait for the run's end, whichever process runs it; returns this handle, which then needs no client any more."""
        await self._client.ended(self.id)
        await asyncio.to_thread(self.load)
        return self

    def load(self) -> Run:
        """Read all that the store holds of the run, so that this handle goes on without its client."""
        self._last = self._client.store.run(self.id)
        self._tasks = self._read()
        self._given = Made.named(by_output(self._client.store.given(self.id)), self.place)
        return self

    async def cancel(self, reason: str = "cancelled") -> None:
        """Ask the run to stop; `wait` tells when it has."""
        await self._client.cancel(self.id, reason)

    def json(self) -> dict[str, Value]:
        """The object that `kflite show --json` prints."""
        return run_json(self.row, self._rows())


def _headed(name: str, path: Path) -> str:
    title = name if path.name == "log" else f"{name} {path.name.removeprefix('log.')}"
    return f"==> {title} <==\n{path.read_bytes().decode('utf-8', 'replace')}"
