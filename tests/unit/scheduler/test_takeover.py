"""A run in other hands: what another scheduler makes of it, also when it is to be retried."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from leaves import GROUP, RETRIED, document, drawn, recover, well
from pipelines import Builder
from runner import FAILURE, Driver

from kflite.core.event_kind import Kind, State
from kflite.core.job import Exit
from kflite.scheduler.action import Reattach, StopAttempt
from kflite.scheduler.stopping import GRACE_S

S, F, C, K = State.SUCCEEDED, State.FAILED, State.CANCELLED, State.SKIPPED


# Another scheduler.


def test_what_ran_is_found_again_and_what_waited_is_queued_again() -> None:
    driver = Driver(document(a={}, b={}), well).begin().start("a").running_now("a")
    found = recover(driver)
    assert (Reattach("a", "ref-a") in found.actions, found.queued, found.run.tasks.active) == (True, ["b"], 1)


def test_what_was_stopping_is_stopped_by_the_next_scheduler_too() -> None:
    driver = Driver(document(a={}), well).begin().start("a").running_now("a")
    driver.run.cancel("enough")
    found = recover(driver.take())
    assert StopAttempt("a", GRACE_S) in found.actions
    assert found.end("a", Exit(-15, "Stopped")).run.state is C


def test_a_run_that_has_ended_is_left_alone() -> None:
    driver = Driver(document(a={}), well).begin().start("a").end("a")
    assert recover(driver).commits[1:] == [[]]


# A retry of the run.


def test_a_retry_runs_again_what_failed_in_a_group_and_closes_the_group_anew() -> None:
    driver = Driver(document({"s": {}, "f": {}}, g=GROUP, after={"dependentTasks": ["g"]}), well).begin()
    driver.start("g/s").end("g/s").start("g/f").end("g/f", FAILURE)
    assert driver.states == {"g": F, "g/s": S, "g/f": F, "after": K}
    second = recover(driver, RETRIED)
    assert second.queued == ["g/f"]
    second.finish(Random(0))
    assert (set(second.states.values()), second.run.state) == ({S}, S)


def test_a_retry_of_a_cancelled_run_goes_on_where_it_was() -> None:
    driver = Driver(document(a={}, b={"dependentTasks": ["a"]}, c={"dependentTasks": ["b"]}), well).begin()
    driver.start("a").end("a").start("b").running_now("b")
    driver.run.cancel("enough")
    second = recover(driver.take().end("b", Exit(-15, "Stopped")), RETRIED)
    assert (driver.run.state, second.queued) == (C, ["b"])
    assert second.finish(Random(0)).run.state is S


def test_a_retry_gives_all_retries_back() -> None:
    driver = Driver(document(a={"retryPolicy": {"maxRetryCount": 1}}), well).begin()
    second = recover(driver.start("a").end("a", FAILURE).start("a").end("a", FAILURE), RETRIED)
    second.start("a").end("a", FAILURE)
    assert second.states["a"] is State.QUEUED
    assert (second.start("a").end("a").run.state, second.run.tasks["a"].attempts) == (S, 4)


pipelines = st.randoms(use_true_random=False).map(lambda random: Builder(random).pipeline())
seeds = st.integers(0, 10**6)


def ends_soundly(driver: Driver) -> None:
    """Every task has one last word, and the run's is the last of all."""
    assert driver.run.state
    assert driver.run.state.ended
    assert all(state and state.ended for state in driver.states.values())
    assert driver.run.tasks.active == 0
    assert [event.kind for event in driver.events if event.kind is Kind.RUN_ENDED] == [driver.events[-1].kind]


@settings(max_examples=60, deadline=None)
@given(pipelines, seeds, st.integers(0, 30), st.booleans(), st.booleans())
def test_a_run_that_is_cancelled_ends_soundly_whoever_takes_it_over(
    pipeline: str, seed: int, turns: int, kill: bool, fail_fast: bool
) -> None:
    random = Random(seed)
    driver = Driver(pipeline, drawn(seed), fail_fast).begin()
    driver.turns(random, turns)
    driver.run.cancel("enough", kill)
    ended = driver.take().finish(random)
    ends_soundly(ended)
    for commits in range(1, len(ended.commits)):
        stored = [event for commit in ended.commits[:commits] for event in commit]
        ends_soundly(Driver(pipeline, drawn(seed), fail_fast).recover(stored).finish(Random(seed + commits)))


@settings(max_examples=60, deadline=None)
@given(pipelines, seeds)
def test_a_retry_of_a_run_keeps_what_succeeded_and_never_runs_it_again(pipeline: str, seed: int) -> None:
    first = Driver(pipeline, drawn(seed)).begin().finish(Random(seed))
    if first.run.state is S:
        return
    kept = {task for task, state in first.states.items() if state is S and not first.run.tasks[task].group}
    second = Driver(pipeline, well).recover([*first.events, RETRIED])
    second.finish(Random(seed))
    started = {event.task for commit in second.commits[1:] for event in commit if event.kind is Kind.TASK_STARTING}
    assert not started & kept
    assert second.run.state is S
    assert set(second.states.values()) <= {S, K}


@settings(max_examples=60, deadline=None)
@given(pipelines, seeds, seeds)
def test_a_retried_run_that_is_taken_over_at_any_point_comes_to_the_same_end(pipeline: str, seed: int, other: int) -> None:
    first = Driver(pipeline, drawn(seed)).begin().finish(Random(seed))
    whole = Driver(pipeline, drawn(other)).recover([*first.events, RETRIED]).finish(Random(seed))
    for commits in range(1, len(whole.commits)):
        stored = [event for commit in whole.commits[:commits] for event in commit]
        recover = Driver(pipeline, drawn(other)).recover(stored).finish(Random(seed + commits))
        assert recover.states == whole.states, f"after {commits} commits"
        assert recover.run.state is whole.run.state


def test_two_retries_that_are_asked_for_at_once_are_one() -> None:
    driver = Driver(document(a={}, b={"dependentTasks": ["a"]}), well).begin().start("a").end("a", FAILURE)
    second = recover(driver, RETRIED, RETRIED)
    assert second.queued == ["a"]
    assert second.finish(Random(0)).run.state is S


def test_a_retry_that_is_asked_for_while_the_run_goes_on_undoes_nothing() -> None:
    driver = Driver(document(a={}, b={}), well).begin().start("a").end("a", FAILURE).start("b").running_now("b")
    third = recover(driver, RETRIED)
    assert (third.states, third.queued, third.running) == ({"a": F, "b": State.RUNNING}, [], ["b"])
    assert third.end("b").run.state is F
