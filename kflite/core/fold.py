"""What an event changes in its run, its task and its attempt: one definition for the scheduler, the store and views.

Pure. For each kind of data, a table has the new value of every field that changes: a constant, or a rule that computes it from
the event and the old value. `fold` applies a table to the fields that an object in memory has; the store turns the same table
into SQL, which changes rows without reading them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from kflite.core import run_event, task_event
from kflite.core.event import Data, Event
from kflite.core.event_kind import ENDED, State
from kflite.core.frozen import dataclass
from kflite.core.value import NOTHING

Read = Callable[[Event], Any]


@dataclass(frozen=True, slots=True)
class FromEvent:
    """The event's value."""

    read: Read

    def after(self, event: Event, old: object, state: State | None) -> object:
        """The new value. old, state: the field's value and the row's state before the event."""
        return self.read(event)


@dataclass(frozen=True, slots=True)
class FromEventIfUnset:
    """The event's value, where the field is None."""

    read: Read

    def after(self, event: Event, old: object, state: State | None) -> object:
        return self.read(event) if old is None else old


@dataclass(frozen=True, slots=True)
class FromEventUnlessNone:
    """The event's value, unless that is None."""

    read: Read

    def after(self, event: Event, old: object, state: State | None) -> object:
        new = self.read(event)
        return old if new is None else new


@dataclass(frozen=True, slots=True)
class StateUnless:
    """A new state, unless the state is one of these."""

    new: State
    states: tuple[State, ...]

    def after(self, event: Event, old: object, state: State | None) -> object:
        return old if state in self.states else self.new


@dataclass(frozen=True, slots=True)
class FromEventInState:
    """The event's value, where the state is this one. The store has no such field."""

    read: Read
    state: State

    def after(self, event: Event, old: object, state: State | None) -> object:
        return self.read(event) if state is self.state else old


@dataclass(frozen=True, slots=True)
class AddFromEvent:
    """The old value plus the event's. The store has no such field."""

    read: Read

    def after(self, event: Event, old: int, state: State | None) -> object:
        return old + self.read(event)


RULES = (FromEvent, FromEventIfUnset, FromEventUnlessNone, StateUnless, FromEventInState, AddFromEvent)


@dataclass(frozen=True, slots=True)
class Changes:
    """New values by field. only_in: the states in which they apply, () for all."""

    fields: Mapping[str, object]
    only_in: tuple[State, ...] = ()


Table = Mapping[type[Data], Changes]
_Compiled = tuple[list[tuple[str, object]], list[tuple[str, Any]], tuple[State, ...]]
_COMPILED: dict[tuple[type, int, type], _Compiled] = {}


def fold(row: object, event: Event, table: Table) -> None:
    """Apply an event to the fields that an object for a run, task or attempt has."""
    key = type(row), id(table), type(event.data)
    if (steps := _COMPILED.get(key)) is None:
        steps = _COMPILED[key] = _compile(row, table.get(type(event.data), Changes({})))
    constants, rules, only_in = steps
    state: State | None = row.state  # type: ignore[attr-defined]
    if only_in and state not in only_in:
        return
    for name, value in constants:
        setattr(row, name, value)
    for name, rule in rules:
        setattr(row, name, rule.after(event, state if name == "state" else getattr(row, name), state))


def _compile(row: object, changes: Changes) -> _Compiled:
    known = [(name, new) for name, new in changes.fields.items() if hasattr(row, name)]
    constants = [(name, new) for name, new in known if not isinstance(new, RULES)]
    return constants, [(name, new) for name, new in known if isinstance(new, RULES)], changes.only_in


def _data(name: str) -> FromEvent:
    return FromEvent(attrgetter(f"data.{name}"))


_AT = attrgetter("at")
_REASON, _MESSAGE, _NOW = _data("reason"), _data("message"), FromEvent(_AT)
_RUNNING = StateUnless(State.RUNNING, (State.STOPPING, State.SUSPENDED))
_UNOWNED = {"owner": "", "lease": 0.0}

RUN: Table = {
    run_event.RunSubmitted: Changes(
        {
            **{name: _data(name) for name in ("name", "kind", "pipeline", "experiment", "on", "profile", "plan")},
            **{name: _data(name) for name in ("parameters", "options")},
            "state": State.QUEUED,
            "reason": "",
            "created": _NOW,
            "outputs": NOTHING,
        }
    ),
    run_event.RunStarted: Changes(
        {"state": _RUNNING, "started": FromEventIfUnset(_AT), "began": FromEventInState(_AT, State.QUEUED)}
    ),
    run_event.RunStopping: Changes({"state": State.STOPPING, "reason": _REASON}),
    run_event.RunEnded: Changes(
        {"state": _data("state"), "reason": _REASON, "outputs": _data("outputs"), "ended": _NOW, **_UNOWNED},
    ),
    # Does not change a run that goes on: two users may have asked at once.
    run_event.RunRetried: Changes(
        {
            "state": State.QUEUED,
            "reason": "",
            "outputs": NOTHING,
            "ended": None,
            "plan": FromEventUnlessNone(lambda event: event.data.plan or None),  # type: ignore[union-attr]
        },
        only_in=tuple(sorted(ENDED)),
    ),
    run_event.RunSuspended: Changes({"state": State.SUSPENDED, "reason": _REASON, **_UNOWNED}),
    run_event.RunResumed: Changes({"state": State.QUEUED, "reason": ""}, only_in=(State.SUSPENDED,)),
    run_event.RunArchived: Changes({"archived": FromEventIfUnset(_AT)}),
    run_event.RunUnarchived: Changes({"archived": None}),
}

_NOT_STOPPING = {"stopping": "", "stopping_group": "", "stopping_outcome": None}
# A task begins, or begins again after a retry of its run: only the count of its attempts stays.
_RENEWED: Mapping[str, object] = {
    "executor": "",
    "ref": "",
    "queued": _NOW,
    "began": None,
    "started": None,
    "due": 0.0,
    "source": "",
    "outputs": {},
    "artifacts": {},
    "failed": 0,
    "lost": 0,
    "rerun": _data("rerun"),
    **_NOT_STOPPING,
}


def _last_part(event: Event) -> str:
    return event.task.rpartition("/")[2]


def _title(event: Event) -> str:
    assert isinstance(event.data, task_event.TaskQueued)
    return event.data.title or _last_part(event)


def _next_attempt(event: Event) -> float:
    assert isinstance(event.data, task_event.TaskRetrying)
    return event.at + event.data.delay_s


def _ended(state: State, source: object = "") -> Changes:
    outputs = {"outputs": _data("outputs.parameters"), "artifacts": _data("outputs.artifacts")}
    return Changes({"state": state, "reason": _REASON, "message": _MESSAGE, "ended": _NOW, "source": source, **outputs})


TASK: Table = {
    task_event.TaskQueued: Changes(
        {
            **_RENEWED,
            "title": FromEvent(_title),
            "state": State.QUEUED,
            "reason": "",
            "message": "",
            "ended": None,
            "group": _data("group"),
            "key": _data("key"),
            "key_parts": _data("key_parts"),
            "parameters": _data("parameters"),
            "inputs": _data("artifacts"),
        }
    ),
    task_event.TaskSkipped: Changes(
        {
            **_RENEWED,
            "title": FromEvent(_last_part),
            "state": State.SKIPPED,
            "reason": _REASON,
            "message": _MESSAGE,
            "ended": _NOW,
            "key": "",
            "key_parts": {},
            "parameters": {},
            "inputs": {},
        }
    ),
    task_event.TaskStarting: Changes(
        {
            "state": State.STARTING,
            "reason": "",
            "message": "",
            "attempts": FromEvent(attrgetter("attempt")),
            "executor": _data("executor"),
            "ref": "",
            "began": _NOW,
            "started": None,
            **_NOT_STOPPING,
        }
    ),
    task_event.TaskRunning: Changes({"state": _RUNNING, "ref": _data("ref"), "started": FromEventIfUnset(_AT)}),
    task_event.TaskWaiting: Changes({"reason": _REASON, "message": _MESSAGE}),
    task_event.TaskStopping: Changes(
        {
            "state": State.STOPPING,
            "reason": _REASON,
            "message": "",
            "stopping": _REASON,
            "stopping_group": _data("group"),
            "stopping_outcome": _data("outcome"),
        }
    ),
    task_event.TaskRetrying: Changes(
        {
            "state": State.QUEUED,
            "reason": _REASON,
            "message": _MESSAGE,
            "began": None,
            "started": None,
            "due": FromEvent(_next_attempt),
            "failed": AddFromEvent(lambda event: not event.data.lost),  # type: ignore[union-attr]
            "lost": AddFromEvent(attrgetter("data.lost")),
        }
    ),
    task_event.TaskSuspended: Changes(
        {"state": State.QUEUED, "reason": _REASON, "message": "", "began": None, "started": None, "due": 0.0, **_NOT_STOPPING}
    ),
    task_event.TaskSucceeded: _ended(State.SUCCEEDED, _data("source")),
    task_event.TaskFailed: _ended(State.FAILED),
    task_event.TaskCancelled: _ended(State.CANCELLED),
}


def _attempt_ended(state: State, code: object, message: object = _MESSAGE) -> Changes:
    return Changes({"state": state, "code": code, "reason": _REASON, "message": message, "ended": _NOW})


# TaskStarting creates an attempt; an ended attempt never changes.
ATTEMPT: Table = {
    task_event.TaskStarting: Changes(
        {
            "state": State.STARTING,
            "executor": _data("executor"),
            "ref": "",
            "code": None,
            "reason": "",
            "message": "",
            "started": _NOW,
            "ended": None,
        }
    ),
    task_event.TaskRunning: Changes({"state": _RUNNING, "ref": _data("ref")}),
    task_event.TaskStopping: Changes({"state": State.STOPPING, "reason": _REASON}),
    task_event.TaskRetrying: _attempt_ended(State.FAILED, _data("code")),
    task_event.TaskSuspended: _attempt_ended(State.CANCELLED, None, ""),
    task_event.TaskSucceeded: _attempt_ended(State.SUCCEEDED, 0),
    task_event.TaskFailed: _attempt_ended(State.FAILED, _data("code")),
    task_event.TaskCancelled: _attempt_ended(State.CANCELLED, None),
}
