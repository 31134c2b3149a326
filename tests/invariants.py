"""What holds of the events of every run, whatever happened to it."""

from __future__ import annotations

from collections.abc import Sequence

from kflite.event import Event, Kind, State
from kflite.scheduler.machine import run_after, task_after

_WORST = (State.FAILED, State.CANCELLED)


class Violation(AssertionError):
    """An invariant does not hold."""


def check_groups(events: Sequence[Event]) -> None:
    """The state of each group, and of the run, follows from those in it; none ends before them or begins after them."""
    states: dict[str, State] = {}
    run: State | None = None
    verdict = False
    for event in events:
        if not event.task:
            run = run_after(run, event)
            verdict = verdict or ("state" in event.data and event.kind is Kind.RUN_STOPPING)
            continue
        states[event.task] = task_after(states.get(event.task), event)
        _check_parent(event, states)
        if states[event.task].ended:
            _check_end(event.task, states)
    open_ = [task for task, state in states.items() if not state.ended]
    if run and run.ended and open_:
        raise Violation(f"the run is {run}, and {open_} go on")
    if run and run.ended and not verdict and run is not whole(_inside("", states)):
        raise Violation(f"the run is {run}, and its tasks are {_inside('', states)}")


def _parent(task: str) -> str:
    """The group around a task: `loop[0]/fit` lies in `loop`."""
    return task.rpartition("/")[0].partition("[")[0] if "/" in task else ""


def whole(states: list[State]) -> State:
    """The state of what holds these."""
    return next((worst for worst in _WORST if worst in states), State.SUCCEEDED)


def _inside(group: str, states: dict[str, State]) -> list[State]:
    return [state for task, state in states.items() if task != group and _parent(task) == group]


def _check_parent(event: Event, states: dict[str, State]) -> None:
    parent = _parent(event.task)
    if parent and states.get(parent) is not State.RUNNING:
        raise Violation(f"{event.task} {event.kind}, and {parent} is {states.get(parent)}")


def _check_end(task: str, states: dict[str, State]) -> None:
    inside = _inside(task, states)
    state = states[task]
    if not inside:
        return
    if not all(each.ended for each in inside):
        raise Violation(f"{task} is {state} while tasks in it go on")
    if state is not whole(inside):
        raise Violation(f"{task} is {state}, and the tasks in it are {inside}")
