"""The board: a run as its events tell it."""

import pytest
from events import data as of_kind

from kflite.core.event import Event
from kflite.core.event_kind import Kind, State
from kflite.core.value import Artifact, Outputs
from kflite.runs.progress import RunProgress, parent_of
from kflite.terminal.tree import note_of


def event(kind: Kind, task: str = "", at: float = 0.0, attempt: int = 1, **data: object) -> Event:
    return Event("r", of_kind(kind, **data), at, task, attempt if task else 0, 1)


def board(*events: Event) -> RunProgress:
    made = RunProgress("r")
    for each in events:
        made.apply(each)
    return made


def test_parents_are_found_through_iterations() -> None:
    assert parent_of("loop[2]/fit") == "loop[2]"
    assert parent_of("loop[2]") == "loop"
    assert parent_of("loop") == ""


def test_a_task_goes_from_queued_to_its_end() -> None:
    made = board(
        event(Kind.TASK_QUEUED, "fit", 1),
        event(Kind.TASK_STARTING, "fit", 2),
        event(Kind.TASK_RUNNING, "fit", 3),
        event(Kind.TASK_FAILED, "fit", 5, reason="Error", message="exit 1"),
    )
    seen = made.tasks["fit"]
    assert (seen.state, seen.started, seen.ended, seen.reason) == (State.FAILED, 3, 5, "Error")
    assert list(made.failed) == ["fit"]
    assert not made.active


def test_what_an_attempt_waits_for_stands_beside_it_until_it_waits_no_longer() -> None:
    noted = event(Kind.TASK_WAITING, "fit", 9, reason="waiting", message="no node is free")
    begun = [event(Kind.TASK_QUEUED, "fit", 1), event(Kind.TASK_STARTING, "fit", 2), event(Kind.TASK_RUNNING, "fit", 3)]
    seen = board(*begun, noted).tasks["fit"]
    assert (seen.state, seen.started, note_of(seen, 10)) == (State.RUNNING, 3, "waiting: no node is free")
    over = event(Kind.TASK_WAITING, "fit", 9, reason="", message="")
    assert note_of(board(*begun, noted, over).tasks["fit"], 10) == ""


def test_counts_of_a_group_are_those_of_the_tasks_below() -> None:
    made = board(
        event(Kind.TASK_QUEUED, "loop", group=True),
        event(Kind.TASK_QUEUED, "loop[0]", group=True),
        event(Kind.TASK_QUEUED, "loop[0]/fit"),
        event(Kind.TASK_QUEUED, "loop[1]/fit"),
        event(Kind.TASK_STARTING, "loop[1]/fit"),
    )
    assert made.counts["loop"] == {State.QUEUED: 1, State.STARTING: 1}
    assert made.counts[""].total() == 2
    assert made.state_of("loop") == State.RUNNING
    assert made.state_of("loop[0]") == State.QUEUED


def test_a_retried_run_forgets_its_end() -> None:
    made = board(
        event(Kind.RUN_SUBMITTED, at=1, name="n"),
        event(Kind.TASK_QUEUED, "fit"),
        event(Kind.TASK_FAILED, "fit", reason="Error"),
        event(Kind.RUN_ENDED, at=2, state=State.FAILED),
        event(Kind.RUN_RETRIED, at=3),
        event(Kind.RUN_STARTED, at=3),
        event(Kind.TASK_QUEUED, "fit"),
    )
    assert made.state == State.RUNNING
    assert made.ended is None
    assert not made.failed


def test_a_skipped_branch_may_become_a_group_after_a_retry() -> None:
    made = board(event(Kind.TASK_SKIPPED, "condition-1"), event(Kind.TASK_QUEUED, "condition-1", group=True))
    made.apply(event(Kind.TASK_QUEUED, "condition-1/fit"))
    assert made.counts[""] == {State.QUEUED: 1, State.SKIPPED: 0}


def test_what_a_task_measured_stands_beside_it() -> None:
    metrics = Artifact("m", "/m", "system.Metrics", metadata={"accuracy": 0.98765432, "note": "x", "\x1b[2J": 1})
    made = Outputs({}, {"scores": (metrics,)})
    seen = board(event(Kind.TASK_QUEUED, "fit"), event(Kind.TASK_SUCCEEDED, "fit", outputs=made)).tasks["fit"]
    assert note_of(seen, 0) == "accuracy 0.987654  \N{REPLACEMENT CHARACTER}[2J 1"


@pytest.mark.parametrize(
    ("ends", "state"),
    [
        ([Kind.TASK_SUCCEEDED, Kind.TASK_SKIPPED], State.SUCCEEDED),
        ([Kind.TASK_SUCCEEDED, Kind.TASK_FAILED], State.FAILED),
        ([Kind.TASK_CANCELLED, Kind.TASK_SKIPPED], State.CANCELLED),
        ([Kind.TASK_SKIPPED, Kind.TASK_SKIPPED], State.SKIPPED),
        ([Kind.TASK_SUCCEEDED], State.RUNNING),
    ],
)
def test_an_iteration_ends_with_all_that_is_in_it_and_as_the_worst_of_that(ends: list[Kind], state: State) -> None:
    made = RunProgress("r")
    for task in ("loop[0]/a", "loop[0]/b"):
        made.apply(event(Kind.TASK_QUEUED, task))
    for task, kind in zip(("loop[0]/a", "loop[0]/b"), ends, strict=False):
        made.apply(event(kind, task))
    assert made.state_of("loop[0]") is state


def test_a_task_that_waits_says_so_after_a_moment() -> None:
    queued = board(event(Kind.TASK_QUEUED, "fit", 100)).tasks["fit"]
    assert [note_of(queued, now) for now in (101, 103)] == ["", "waits for its turn"]
    begun = (event(Kind.TASK_QUEUED, "fit", 100), event(Kind.TASK_STARTING, "fit", 101), event(Kind.TASK_RUNNING, "fit", 101))
    failed = board(*begun, event(Kind.TASK_RETRYING, "fit", 102, reason="Error", delay_s=5.0)).tasks["fit"]
    assert [note_of(failed, now) for now in (103, 200)] == ["again in 4.0 s  Error", "to be tried again  Error"]
