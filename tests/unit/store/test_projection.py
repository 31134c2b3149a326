"""The rows beside the events are what a simple reading of the events says, whatever happens and however it is batched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from events import data, fields
from hypothesis import given
from hypothesis import strategies as st

from kflite import store
from kflite.core.event import Event
from kflite.core.event_kind import Kind, State
from kflite.core.run_event import RunCancelRequested
from kflite.core.task_event import TaskSucceeded
from kflite.core.value import Outputs, Value
from kflite.scheduler.machine import ANNOTATIONS, RUN, TASK, run_after, task_after
from kflite.store import Database

RUNS, TASKS = ("r1", "r2"), ("load", "fit", "loop[0]/fit")
SILENT = (Kind.TASK_RUNNING, Kind.TASK_SERVING)
REQUEUED = {Kind.TASK_RETRYING: State.FAILED, Kind.TASK_SUSPENDED: State.CANCELLED}


@dataclass
class Attempt:
    state: State = State.STARTING
    ended: float | None = None


@dataclass
class Task:
    state: State
    attempts: dict[int, Attempt] = field(default_factory=dict)
    reason: str = ""
    ended: float | None = None
    outputs: Value = None


@dataclass
class Reference:
    """What is so after each event, told by the machine and by nothing else."""

    runs: dict[str, State] = field(default_factory=dict)
    tasks: dict[tuple[str, str], Task] = field(default_factory=dict)
    cache: dict[str, tuple[str, str]] = field(default_factory=dict)

    def apply(self, event: Event) -> None:
        if not event.task:
            self.runs[event.run] = run_after(self.runs.get(event.run), event)
            return
        known = self.tasks.get((event.run, event.task))
        task = self.tasks.setdefault((event.run, event.task), known or Task(State.QUEUED))
        task.state = task_after(known.state if known else None, event)
        task.reason = getattr(event.data, "reason", "") if event.kind not in SILENT else task.reason
        task.ended = event.at if task.state.ended else None
        task.outputs = event.data.outputs.parameters if isinstance(event.data, TaskSucceeded) else {}
        self._attempt(event, task)
        if isinstance(event.data, TaskSucceeded) and event.data.key and not event.data.source:
            self.cache[event.data.key] = event.run, event.task

    def _attempt(self, event: Event, task: Task) -> None:
        if event.kind is Kind.TASK_STARTING:
            task.attempts[event.attempt] = Attempt()
        attempt = task.attempts.get(event.attempt)
        if not attempt or attempt.ended is not None or getattr(event.data, "source", ""):
            return
        if task.state.ended or event.kind in REQUEUED:
            attempt.ended = event.at
            attempt.state = REQUEUED.get(event.kind, task.state)
        else:
            attempt.state = task.state


def _next(reference: Reference, draw: st.DrawFn, at: float) -> Event:
    """An event that may follow."""
    run = draw(st.sampled_from(RUNS))
    if run not in reference.runs:
        return Event(run, data(Kind.RUN_SUBMITTED), at)
    if draw(st.integers(0, 5)) == 0 or reference.runs[run].ended:
        return _of_run(reference.runs[run], run, draw, at)
    name = draw(st.sampled_from(TASKS))
    task = reference.tasks.get((run, name))
    kinds = [kind for kind in Kind if kind.startswith("task.") and _may_follow(task, kind)]
    return _of_task(run, name, draw(st.sampled_from(kinds)), task, draw, at) if kinds else Event(run, RunCancelRequested(), at)


def _may_follow(task: Task | None, kind: Kind) -> bool:
    """Whether the machine allows it; of queued tasks, those that run at once are groups, which have no attempts."""
    if kind is Kind.TASK_RUNNING and task and task.state is State.QUEUED and task.attempts:
        return False
    return (task.state if task else None, kind) in TASK


def _of_run(state: State, run: str, draw: st.DrawFn, at: float) -> Event:
    kind = draw(st.sampled_from([*(kind for before, kind in RUN if before is state), *sorted(ANNOTATIONS)]))
    ends: dict[str, object] = {"state": draw(st.sampled_from([State.SUCCEEDED, State.FAILED])), "reason": "Why"}
    return Event(run, data(kind, **(ends if kind is Kind.RUN_ENDED else {})), at)


def _of_task(run: str, name: str, kind: Kind, task: Task | None, draw: st.DrawFn, at: float) -> Event:
    last = max(task.attempts, default=0) if task else 0
    given: dict[str, object] = {}
    if "reason" in fields(kind):
        given = {"reason": draw(st.sampled_from(["Error", "Timeout"]))}
    if kind is Kind.TASK_SUCCEEDED:
        given = {"key": draw(st.sampled_from(["k1", "k2", ""])), "outputs": Outputs({"x": draw(st.integers())})}
        if task and task.state is State.QUEUED:
            given |= {"source": "r0", "reason": "cached"}
    return Event(run, data(kind, **given), at, name, last + 1 if kind is Kind.TASK_STARTING else last)


@st.composite
def histories(draw: st.DrawFn) -> list[list[Event]]:
    """Batches of events that the machine allows, of two runs at once."""
    reference, batches = Reference(), [list[Event]()]
    for n in range(draw(st.integers(1, 40))):
        event = _next(reference, draw, float(n + 1))
        reference.apply(event)
        batches[-1].append(event)
        if draw(st.booleans()):
            batches.append([])
    return [batch for batch in batches if batch]


def _check(opened: Database, events: Sequence[Event]) -> None:
    reference = Reference()
    for event in events:
        reference.apply(event)
    assert {row.run: row.state for row in opened.runs()} == reference.runs
    rows = {(run, row.task): row for run in RUNS for row in opened.tasks(run)}
    assert {name: (t.state, t.reason, t.ended, t.outputs) for name, t in reference.tasks.items()} == {
        name: (row.state, row.reason, row.ended, row.outputs) for name, row in rows.items()
    }
    assert {(*name, n): (a.state, a.ended) for name, t in reference.tasks.items() for n, a in t.attempts.items()} == {
        (run, a.task, a.attempt): (a.state, a.ended) for run in RUNS for a in opened.attempts(run)
    }
    assert {row.key: (row.run, row.task) for row in opened.cache()} == reference.cache


@given(histories())
def test_rows_follow_from_events(batches: list[list[Event]]) -> None:
    opened = store.open("sqlite://")
    for batch in batches:
        opened.append(batch)
    events = [event for batch in batches for event in batch]
    assert [event.kind for event in opened.events()] == [event.kind for event in events]
    _check(opened, events)
    opened.close()


@given(histories())
def test_rows_do_not_depend_on_batches(batches: list[list[Event]]) -> None:
    opened = store.open("sqlite://")
    events = [event for batch in batches for event in batch]
    opened.append(events)
    _check(opened, events)
    opened.close()
