"""The machine's tables: what may follow what, and nothing else."""

from __future__ import annotations

import pytest
from events import data

from kflite.core.event import Event
from kflite.core.event_kind import ENDED, Kind, State
from kflite.errors import TransitionError
from kflite.scheduler.machine import ANNOTATIONS, RUN, TASK, run_after, task_after

RUN_KINDS = [kind for kind in Kind if kind.startswith("run.") and kind not in ANNOTATIONS]
TASK_KINDS = [kind for kind in Kind if kind.startswith("task.")]
STATES: list[State | None] = [None, *State]


def event(kind: Kind) -> Event:
    return Event("r", data(kind), 0.0, "t" if kind in TASK_KINDS else "", 1)


def reached(table: dict[tuple[State | None, Kind], State | None]) -> set[State | None]:
    states: set[State | None] = {None}
    while more := {after for (before, _), after in table.items() if before in states} - states:
        states |= more
    return states


def test_every_state_of_a_task_can_be_reached() -> None:
    assert reached(dict(TASK)) == set(STATES) - {State.SUSPENDED}


def test_every_transition_starts_where_one_can_be() -> None:
    assert {before for before, _ in TASK} <= reached(dict(TASK))
    assert {before for before, _ in RUN} == {*reached(dict(RUN)), State.SUCCEEDED, State.FAILED, State.CANCELLED}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", TASK_KINDS)
def test_what_the_tasks_table_lacks_is_an_error_that_names_it(state: State | None, kind: Kind) -> None:
    if (state, kind) in TASK:
        assert task_after(state, event(kind)) is TASK[state, kind]
    else:
        with pytest.raises(TransitionError, match=f"run r, task t: {kind} cannot follow in state {state}"):
            task_after(state, event(kind))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", RUN_KINDS)
def test_what_the_runs_table_lacks_is_an_error_that_names_it(state: State | None, kind: Kind) -> None:
    if (state, kind) in RUN:
        assert run_after(state, event(kind)) is (RUN[state, kind] or State.FAILED)
    else:
        with pytest.raises(TransitionError, match=f"run r: {kind} cannot follow in state {state}"):
            run_after(state, event(kind))


@pytest.mark.parametrize("kind", sorted(ANNOTATIONS))
def test_a_note_changes_no_state_and_needs_a_run(kind: Kind) -> None:
    assert [run_after(state, event(kind)) for state in State] == list(State)
    with pytest.raises(TransitionError):
        run_after(None, event(kind))


@pytest.mark.parametrize("state", sorted(ENDED))
def test_only_a_retry_of_the_run_moves_a_task_that_has_ended(state: State) -> None:
    assert {kind for before, kind in TASK if before is state} <= {Kind.TASK_QUEUED, Kind.TASK_SKIPPED}
