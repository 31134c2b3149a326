"""What holds of the events of every run, whatever happened to it."""

from __future__ import annotations

from collections.abc import Sequence

from kflite.core.event import Event
from kflite.core.event_kind import State
from kflite.core.run_event import RunRetried, RunStopping
from kflite.scheduler.machine import run_after, task_after

_WORST = (State.FAILED, State.CANCELLED)


class Violation(AssertionError):
    """An invariant does not hold."""


def check_groups(events: Sequence[Event]) -> None:
    """The state of each group, and of the run, follows from those in it; none ends before them or begins after them.

    A loop that was stopped before all its iterations began is cancelled, and a run may be given its state by what stopped it.
    """
    states: dict[str, State] = {}
    run: State | None = None
    stopped = verdict = retried = False
    for event in events:
        stopped = stopped or isinstance(event.data, RunStopping)
        verdict = verdict or (isinstance(event.data, RunStopping) and event.data.state is not None)
        retried = retried or isinstance(event.data, RunRetried)
        if not event.task:
            run = run_after(run, event)
            continue
        states[event.task] = task_after(states.get(event.task), event)
        if not retried:  # after a retry, what is in a group that had succeeded may be said again
            _check_order(event, states)
    if run and run.ended:
        _check_ended(run, states, stopped, verdict, retried)


def _check_order(event: Event, states: dict[str, State]) -> None:
    group = _parent(event.task)
    if group and states.get(group) is not State.RUNNING:
        raise Violation(f"{event.task} {event.kind}, and {group} is {states.get(group)}")
    going = [task for task in states if _parent(task) == event.task and not states[task].ended]
    if states[event.task].ended and going:
        raise Violation(f"{event.task} is {states[event.task]} while {going} go on")


def _check_ended(run: State, states: dict[str, State], stopped: bool, verdict: bool, retried: bool) -> None:
    inside: dict[str, list[State]] = {}
    for task, state in states.items():
        inside.setdefault(_parent(task), []).append(state)
        if not state.ended:
            raise Violation(f"the run is {run}, and {task} is {state}")
    for group, found in inside.items():
        state, wanted = states.get(group, run), _whole(found)
        cut = stopped and state is State.CANCELLED and State.FAILED not in found
        old = retried and state is State.SKIPPED  # it had begun in an earlier life
        if state is not wanted and not (cut or old if group else verdict):
            raise Violation(f"{group or 'the run'} is {state}, and what is in it is {found}")


def _parent(task: str) -> str:
    """The group around a task: `loop[0]/fit` lies in `loop`."""
    around = task.rpartition("/")[0]
    return around.rpartition("[")[0] if around.endswith("]") else around


def _whole(states: list[State]) -> State:
    """The state of what holds these."""
    return next((worst for worst in _WORST if worst in states), State.SUCCEEDED)
