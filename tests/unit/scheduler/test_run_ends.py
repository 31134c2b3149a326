"""The ends of a run: the cache, stops that meet, retries of the run, and replays of histories with a cancel in them."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pipelines import Builder
from runner import BADLY, LOST, WELL, Driver, kinds

from kflite.event import Event, Kind, State
from kflite.job import Exit
from kflite.scheduler.act import Resume, Stop
from kflite.scheduler.run import GRACE_S
from kflite.value import Outputs

S, F, C, K = State.SUCCEEDED, State.FAILED, State.CANCELLED, State.SKIPPED
RETRIED = Event("r", Kind.RUN_RETRIED, 0.0)
ALWAYS = {"triggerPolicy": {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}}


def well(task: str, attempt: int) -> Exit:
    return WELL


def document(group: dict[str, object] | None = None, **tasks: dict[str, object]) -> str:
    """A pipeline of leaves; `group` are the tasks of the component `comp-group`."""

    def leaves(named: dict[str, dict[str, object]]) -> dict[str, object]:
        return {"tasks": {name: {"componentRef": {"name": "comp-leaf"}, **fields} for name, fields in named.items()}}

    components: dict[str, object] = {"comp-leaf": {"executorLabel": "exec-leaf"}}
    components |= {"comp-group": {"dag": leaves(group)}} if group else {}  # type: ignore[arg-type]
    executors = {"exec-leaf": {"container": {"image": "i", "command": ["leaf"]}}}
    whole = {"pipelineInfo": {"name": "p"}, "root": {"dag": leaves(tasks)}, "components": components}
    return json.dumps(whole | {"deploymentSpec": {"executors": executors}})


GROUP = {"componentRef": {"name": "comp-group"}}


def again(driver: Driver, *more: Event) -> Driver:
    """What another scheduler makes of the events that are stored, and of some more."""
    return Driver(driver.document, driver.exits).again([*driver.events, *more])


# The cache.


def test_a_task_from_the_cache_has_no_attempt_and_says_where_it_came_from() -> None:
    driver = Driver(document(a={}, b={"dependentTasks": ["a"]}), well).begin()
    driver.run.cached("a", Outputs({"x": 3}), "run-0")
    driver.take()
    assert kinds(driver.events, "a") == [Kind.TASK_QUEUED, Kind.TASK_SUCCEEDED]
    assert driver.commits[-1][0].data == {"parameters": {"x": 3}, "reason": "cached", "source": "run-0", "key": ""}
    assert (driver.run.tasks["a"].attempt, driver.states["b"], driver.run.active) == (0, State.QUEUED, 0)


def test_what_is_to_be_cached_is_stored_with_its_key_and_what_that_was_made_of() -> None:
    driver = Driver(document(a={"cachingOptions": {"enableCache": True}}), well).begin().start("a").end("a")
    (queued,) = [event for event in driver.events if event.kind is Kind.TASK_QUEUED]
    (ended,) = [event for event in driver.events if event.kind is Kind.TASK_SUCCEEDED]
    assert queued.data["key"] == ended.data["key"] != ""
    assert queued.data["material"] == ended.data["material"]


# Attempts.


def test_attempts_are_counted_across_what_failed_and_what_was_lost() -> None:
    driver = Driver(document(a={"retryPolicy": {"maxRetryCount": 1}}), well).begin()
    driver.start("a").end("a", LOST).start("a").end("a", BADLY).start("a").end("a", LOST).start("a").end("a")
    assert (driver.run.tasks["a"].attempt, driver.run.state) == (4, S)


def test_an_attempt_that_passes_its_deadline_may_be_tried_again() -> None:
    driver = Driver(document(a={"retryPolicy": {"maxRetryCount": 1}}), well).begin().start("a").running_now("a")
    driver.run.expired("a", 1)
    driver.take().end("a", Exit(0))
    assert (driver.states["a"], driver.queued) == (State.QUEUED, ["a"])
    assert driver.start("a").end("a").run.state is S


def test_a_start_that_is_told_twice_is_said_once() -> None:
    driver = Driver(document(a={}), well).begin().start("a").running_now("a").running_now("a").end("a")
    assert kinds(driver.events, "a").count(Kind.TASK_RUNNING) == 1


def test_what_is_taken_is_given_once() -> None:
    driver = Driver(document(a={}), well).begin()
    assert driver.run.take() == ([], [])


# Stops that meet.


def test_a_deadline_that_came_before_a_cancel_stays_the_reason() -> None:
    driver = Driver(document(a={}), well).begin().start("a").running_now("a")
    driver.run.expired("a", 1)
    driver.run.cancel("enough")
    driver.take().end("a", Exit(-15, "Stopped"))
    (ended,) = [event for event in driver.events if event.kind is Kind.TASK_FAILED]
    assert (ended.data["reason"], driver.run.state) == ("Timeout", C)


def test_a_task_that_waits_for_its_next_attempt_is_given_up_by_a_cancel() -> None:
    driver = Driver(document(a={"retryPolicy": {"maxRetryCount": 5, "backoffDuration": "60s"}}), well).begin()
    driver.start("a").end("a", BADLY)
    driver.run.cancel("enough")
    driver.take()
    driver.run.enqueue("a")
    assert (driver.take().states["a"], driver.run.state, driver.run.tasks["a"].attempt) == (C, C, 1)


def test_a_second_cancel_changes_nothing_and_one_after_the_end_neither() -> None:
    driver = Driver(document(a={}), well).begin().start("a").running_now("a")
    driver.run.cancel("enough")
    driver.take()
    driver.run.cancel("again")
    assert driver.run.take() == ([], [])
    driver.end("a", Exit(-15, "Stopped"))
    driver.run.cancel("too late", kill=True)
    assert driver.run.take() == ([], [])


def test_exit_tasks_run_after_a_cancel_and_the_run_is_cancelled_all_the_same() -> None:
    driver = Driver(document(a={}, z={"dependentTasks": ["a"], **ALWAYS}), well).begin().start("a").running_now("a")
    driver.run.cancel("enough")
    driver.take().end("a", Exit(-15, "Stopped")).start("z").end("z")
    assert (driver.states, driver.run.state) == ({"a": C, "z": S}, C)


def test_an_exit_task_that_fails_after_a_cancel_is_not_tried_again() -> None:
    retried = {"dependentTasks": ["a"], "retryPolicy": {"maxRetryCount": 3}, **ALWAYS}
    driver = Driver(document(a={}, z=retried), well).begin().start("a").running_now("a")
    driver.run.cancel("enough")
    driver.take().end("a", Exit(-15, "Stopped")).start("z").end("z", BADLY)
    assert (driver.states["z"], driver.run.tasks["z"].attempt, driver.run.state) == (F, 1, C)


def test_the_first_failure_is_the_reason_and_the_verdict_is_the_plans() -> None:
    driver = Driver(document(a={}, b={}), well, fail_fast=True).begin().start("a").end("a", BADLY)
    (stopping,) = [event for event in driver.events if event.kind is Kind.RUN_STOPPING]
    assert stopping.data == {"reason": "a failed, and the run stops at the first failure"}
    assert (driver.states["b"], driver.run.state) == (C, F)


# Another scheduler.


def test_what_ran_is_found_again_and_what_waited_is_queued_again() -> None:
    driver = Driver(document(a={}, b={}), well).begin().start("a").running_now("a")
    found = again(driver)
    assert (Resume("a", "ref-a") in found.acts, found.queued, found.run.active) == (True, ["b"], 1)


def test_what_was_stopping_is_stopped_by_the_next_scheduler_too() -> None:
    driver = Driver(document(a={}), well).begin().start("a").running_now("a")
    driver.run.cancel("enough")
    found = again(driver.take())
    assert Stop("a", GRACE_S) in found.acts
    assert found.end("a", Exit(-15, "Stopped")).run.state is C


def test_a_run_that_has_ended_is_left_alone() -> None:
    driver = Driver(document(a={}), well).begin().start("a").end("a")
    assert again(driver).commits[1:] == [[]]


# A retry of the run.


def test_a_retry_runs_again_what_failed_in_a_group_and_closes_the_group_anew() -> None:
    driver = Driver(document({"s": {}, "f": {}}, g=GROUP, after={"dependentTasks": ["g"]}), well).begin()
    driver.start("g/s").end("g/s").start("g/f").end("g/f", BADLY)
    assert driver.states == {"g": F, "g/s": S, "g/f": F, "after": K}
    second = again(driver, RETRIED)
    assert second.queued == ["g/f"]
    second.finish(Random(0))
    assert (set(second.states.values()), second.run.state) == ({S}, S)


def test_a_retry_of_a_cancelled_run_goes_on_where_it_was() -> None:
    driver = Driver(document(a={}, b={"dependentTasks": ["a"]}, c={"dependentTasks": ["b"]}), well).begin()
    driver.start("a").end("a").start("b").running_now("b")
    driver.run.cancel("enough")
    second = again(driver.take().end("b", Exit(-15, "Stopped")), RETRIED)
    assert (driver.run.state, second.queued) == (C, ["b"])
    assert second.finish(Random(0)).run.state is S


def test_a_retry_gives_all_retries_back() -> None:
    driver = Driver(document(a={"retryPolicy": {"maxRetryCount": 1}}), well).begin()
    second = again(driver.start("a").end("a", BADLY).start("a").end("a", BADLY), RETRIED)
    second.start("a").end("a", BADLY)
    assert second.states["a"] is State.QUEUED
    assert (second.start("a").end("a").run.state, second.run.tasks["a"].attempt) == (S, 4)


pipelines = st.randoms(use_true_random=False).map(lambda random: Builder(random).pipeline())
seeds = st.integers(0, 10**6)


def drawn_exits(seed: int):  # type: ignore[no-untyped-def]
    def exits(task: str, attempt: int) -> Exit:
        drawn = Random(f"{seed}/{task}/{attempt}").random()
        return BADLY if drawn < 0.2 else LOST if drawn < 0.3 else WELL

    return exits


def ends_soundly(driver: Driver) -> None:
    """Every task has one last word, and the run's is the last of all."""
    assert driver.run.state
    assert driver.run.state.ended
    assert all(state and state.ended for state in driver.states.values())
    assert driver.run.active == 0
    assert [event.kind for event in driver.events if event.kind is Kind.RUN_ENDED] == [driver.events[-1].kind]


@settings(max_examples=60, deadline=None)
@given(pipelines, seeds, st.integers(0, 30), st.booleans(), st.booleans())
def test_a_run_that_is_cancelled_ends_soundly_whoever_takes_it_over(
    pipeline: str, seed: int, turns: int, kill: bool, fail_fast: bool
) -> None:
    random = Random(seed)
    driver = Driver(pipeline, drawn_exits(seed), fail_fast).begin()
    driver.turns(random, turns)
    driver.run.cancel("enough", kill)
    ended = driver.take().finish(random)
    ends_soundly(ended)
    for commits in range(1, len(ended.commits)):
        stored = [event for commit in ended.commits[:commits] for event in commit]
        ends_soundly(Driver(pipeline, drawn_exits(seed), fail_fast).again(stored).finish(Random(seed + commits)))


@settings(max_examples=60, deadline=None)
@given(pipelines, seeds)
def test_a_retry_of_a_run_keeps_what_succeeded_and_never_runs_it_again(pipeline: str, seed: int) -> None:
    first = Driver(pipeline, drawn_exits(seed)).begin().finish(Random(seed))
    if first.run.state is S:
        return
    kept = {task for task, state in first.states.items() if state is S and not first.run.tasks[task].group}
    second = Driver(pipeline, well).again([*first.events, RETRIED])
    second.finish(Random(seed))
    started = {event.task for commit in second.commits[1:] for event in commit if event.kind is Kind.TASK_STARTING}
    assert not started & kept
    assert second.run.state is S
    assert set(second.states.values()) <= {S, K}


@pytest.mark.parametrize("task", ["a", "b"])
def test_a_task_that_is_refused_fails_fast_like_any_other(task: str) -> None:
    driver = Driver(document(a={}, b={}), well, fail_fast=True).begin()
    driver.run.refuse(task, "NoCapacity", "no room")
    other = "b" if task == "a" else "a"
    assert driver.take().states == {task: F, other: C}
    assert driver.run.state is F
