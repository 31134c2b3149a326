"""Whatever happens, the store's rows, the scheduler's records and the view's progress agree in all fields that they share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from events import data
from events import fields as told_by
from hypothesis import given, settings
from hypothesis import strategies as st

from kflite import store
from kflite.core.event import Event
from kflite.core.event_kind import Kind, State
from kflite.core.task_event import TaskStarting
from kflite.core.value import Artifact, Outputs
from kflite.runs.progress import RunProgress
from kflite.scheduler.ledger import Ledger
from kflite.scheduler.machine import ANNOTATIONS, RUN, TASK
from kflite.store.base import RunRow, TaskRow

TASKS = ("load", "fit", "loop", "loop[0]/fit")
METRICS = Artifact("m", "/m", "system.Metrics", metadata={"accuracy": 0.5})
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "reason": st.sampled_from(["", "Error", "Timeout"]),
    "message": st.sampled_from(["", "it broke"]),
    "ref": st.sampled_from(["pid-1", "pid-2"]),
    "key": st.sampled_from(["", "k"]),
    "key_parts": st.sampled_from([{}, {"code": "b3:1"}]),
    "rerun": st.booleans(),
    "lost": st.booleans(),
    "delay_s": st.sampled_from([0.0, 5.0]),
    "group": st.just(""),
    "outputs": st.sampled_from([Outputs(), Outputs({"x": 1}, {"m": (METRICS,)})]),
    "plan": st.sampled_from(["", "d2"]),
}
# What a view calls otherwise, or knows of no row.
OF_VIEW = {"task", "index", "due", "began", "summary"}


class History:
    """Events of one run that the machine allows, drawn one after another; of tasks those called `loop` are groups."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw, self.events = draw, list[Event]()
        self._ledger = Ledger("r", lambda: 0.0)
        self._add(data(Kind.RUN_SUBMITTED, plan="d1"))
        for _ in range(draw(st.integers(0, 40))):
            self._more()

    def _more(self) -> None:
        if self._draw(st.integers(0, 3)) == 0:
            self._of_run()
        else:
            loop = self._ledger.tasks.get("loop")
            self._of_task(self._draw(st.sampled_from(TASKS if loop and loop.group else TASKS[:-1])))

    def _of_run(self) -> None:
        known = self._ledger.state
        kind = self._draw(st.sampled_from([*(kind for before, kind in RUN if before is known), *sorted(ANNOTATIONS)]))
        state = self._draw(st.sampled_from([State.SUCCEEDED, State.FAILED]))
        given = {"state": state} if kind is Kind.RUN_ENDED else {}
        self._add(data(kind, **given, **self._told(kind)))

    def _of_task(self, task: str) -> None:
        record = self._ledger.tasks.get(task)
        state, group = record.state if record else None, task == "loop"
        kinds = [kind for before, kind in TASK if before is state and (kind is not Kind.TASK_STARTING or not group)]
        if state is State.QUEUED and not group:
            kinds.remove(Kind.TASK_RUNNING)
        if kinds:
            kind = self._draw(st.sampled_from(kinds))
            given = {"group": group} if kind is Kind.TASK_QUEUED else {}
            self._add(data(kind, **self._told(kind) | given), task)

    def _told(self, kind: Kind) -> dict[str, Any]:
        return {name: self._draw(values) for name, values in VALUES.items() if name in told_by(kind)}

    def _add(self, told: Any, task: str = "") -> None:
        attempt = self._ledger.tasks[task].attempts if task in self._ledger.tasks else 0
        attempt += isinstance(told, TaskStarting)
        event = Event("r", told, float(len(self.events) + 1), task, attempt)
        self._ledger.apply(event)
        self.events.append(event)


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    return History(draw).events


def shared(row: RunRow | TaskRow, other: object) -> Iterator[tuple[str, object, object]]:
    """The fields that both have: name, and the value of each."""
    for each in fields(row):
        if hasattr(other, each.name):
            yield each.name, getattr(row, each.name), getattr(other, each.name)


@settings(deadline=None, max_examples=150)
@given(histories(), st.integers(1, 10))
def test_rows_records_and_progress_agree(events: list[Event], batch: int) -> None:
    opened, ledger, board = store.open("sqlite://"), Ledger("r", lambda: 0.0), RunProgress("r")
    for start in range(0, len(events), batch):
        opened.append(events[start : start + batch])
    for event in opened.events():
        ledger.apply(event)
        board.apply(event)
    row, tasks = opened.run("r"), opened.tasks("r")
    assert row.state is ledger.state
    assert [each for each in shared(row, board) if each[1] != each[2]] == []
    assert {task.task for task in tasks} == set(ledger.tasks)
    for task in tasks:
        for held in (ledger.tasks[task.task], board.tasks[task.task]):
            assert [each for each in shared(task, held) if each[1] != each[2]] == []
    again = RunProgress.of(row, tasks)
    assert [_seen(again.tasks[task.task]) for task in tasks] == [_seen(board.tasks[task.task]) for task in tasks]
    opened.close()


def _seen(seen: object) -> dict[str, object]:
    return {name: getattr(seen, name) for name in seen.__dataclass_fields__ if name not in OF_VIEW}  # type: ignore[attr-defined]
