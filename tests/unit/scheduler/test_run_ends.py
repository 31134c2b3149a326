"""The ends of a run: the cache, attempts, and stops that meet."""

from __future__ import annotations

import pytest
from leaves import ALWAYS, document, well
from runner import FAILURE, LOST, Driver, kinds

from kflite.core.event_kind import Kind, State
from kflite.core.job import Exit
from kflite.core.run_event import RunStopping
from kflite.core.task_event import TaskSucceeded
from kflite.core.value import Outputs
from kflite.scheduler.run import Decisions

S, F, C, K = State.SUCCEEDED, State.FAILED, State.CANCELLED, State.SKIPPED


# The cache.


def test_a_task_from_the_cache_has_no_attempt_and_says_where_it_came_from() -> None:
    driver = Driver(document(a={}, b={"dependentTasks": ["a"]}), well).begin()
    driver.run.tasks.cached("a", Outputs({"x": 3}), "run-0")
    driver.take()
    assert kinds(driver.events, "a") == [Kind.TASK_QUEUED, Kind.TASK_SUCCEEDED]
    assert driver.commits[-1][0].data == TaskSucceeded(Outputs({"x": 3}), "cached", source="run-0")
    assert (driver.run.tasks["a"].attempts, driver.states["b"], driver.run.tasks.active) == (0, State.QUEUED, 0)


def test_what_is_to_be_cached_is_stored_with_its_key_and_what_that_was_made_of() -> None:
    driver = Driver(document(a={"cachingOptions": {"enableCache": True}}), well).begin().start("a").end("a")
    (queued,) = [event for event in driver.events if event.kind is Kind.TASK_QUEUED]
    (ended,) = [event for event in driver.events if event.kind is Kind.TASK_SUCCEEDED]
    assert queued.data.key == ended.data.key != ""
    assert queued.data.key_parts == ended.data.key_parts != {}


# Attempts.


def test_attempts_are_counted_across_what_failed_and_what_was_lost() -> None:
    driver = Driver(document(a={"retryPolicy": {"maxRetryCount": 1}}), well).begin()
    driver.start("a").end("a", LOST).start("a").end("a", FAILURE).start("a").end("a", LOST).start("a").end("a")
    assert (driver.run.tasks["a"].attempts, driver.run.state) == (4, S)


def test_an_attempt_that_passes_its_deadline_may_be_tried_again() -> None:
    driver = Driver(document(a={"retryPolicy": {"maxRetryCount": 1}}), well).begin().start("a").running_now("a")
    driver.run.tasks.expired("a", 1)
    driver.take().end("a", Exit(0))
    assert (driver.states["a"], driver.queued) == (State.QUEUED, ["a"])
    assert driver.start("a").end("a").run.state is S


def test_a_start_that_is_told_twice_is_said_once() -> None:
    driver = Driver(document(a={}), well).begin().start("a").running_now("a").running_now("a").end("a")
    assert kinds(driver.events, "a").count(Kind.TASK_RUNNING) == 1


def test_what_is_taken_is_given_once() -> None:
    driver = Driver(document(a={}), well).begin()
    assert driver.run.take() == Decisions()


# Stops that meet.


def test_a_deadline_that_came_before_a_cancel_stays_the_reason() -> None:
    driver = Driver(document(a={}), well).begin().start("a").running_now("a")
    driver.run.tasks.expired("a", 1)
    driver.run.cancel("enough")
    driver.take().end("a", Exit(-15, "Stopped"))
    (ended,) = [event for event in driver.events if event.kind is Kind.TASK_FAILED]
    assert (ended.data.reason, driver.run.state) == ("Timeout", C)


def test_a_task_that_waits_for_its_next_attempt_is_given_up_by_a_cancel() -> None:
    driver = Driver(document(a={"retryPolicy": {"maxRetryCount": 5, "backoffDuration": "60s"}}), well).begin()
    driver.start("a").end("a", FAILURE)
    driver.run.cancel("enough")
    driver.take()
    driver.run.tasks.enqueue("a")
    assert (driver.take().states["a"], driver.run.state, driver.run.tasks["a"].attempts) == (C, C, 1)


def test_a_second_cancel_changes_nothing_and_one_after_the_end_neither() -> None:
    driver = Driver(document(a={}), well).begin().start("a").running_now("a")
    driver.run.cancel("enough")
    driver.take()
    driver.run.cancel("again")
    assert driver.run.take() == Decisions()
    driver.end("a", Exit(-15, "Stopped"))
    driver.run.cancel("too late", kill=True)
    assert driver.run.take() == Decisions()


def test_exit_tasks_run_after_a_cancel_and_the_run_is_cancelled_all_the_same() -> None:
    driver = Driver(document(a={}, z={"dependentTasks": ["a"], **ALWAYS}), well).begin().start("a").running_now("a")
    driver.run.cancel("enough")
    driver.take().end("a", Exit(-15, "Stopped")).start("z").end("z")
    assert (driver.states, driver.run.state) == ({"a": C, "z": S}, C)


def test_an_exit_task_that_fails_after_a_cancel_is_not_tried_again() -> None:
    retried = {"dependentTasks": ["a"], "retryPolicy": {"maxRetryCount": 3}, **ALWAYS}
    driver = Driver(document(a={}, z=retried), well).begin().start("a").running_now("a")
    driver.run.cancel("enough")
    driver.take().end("a", Exit(-15, "Stopped")).start("z").end("z", FAILURE)
    assert (driver.states["z"], driver.run.tasks["z"].attempts, driver.run.state) == (F, 1, C)


def test_the_first_failure_is_the_reason_and_the_verdict_is_the_plans() -> None:
    driver = Driver(document(a={}, b={}), well, fail_fast=True).begin().start("a").end("a", FAILURE)
    (stopping,) = [event for event in driver.events if event.kind is Kind.RUN_STOPPING]
    assert stopping.data == RunStopping("a failed, and the run stops at the first failure")
    assert (driver.states["b"], driver.run.state) == (C, F)


@pytest.mark.parametrize("task", ["a", "b"])
def test_a_task_that_is_refused_fails_fast_like_any_other(task: str) -> None:
    driver = Driver(document(a={}, b={}), well, fail_fast=True).begin()
    driver.run.tasks.refuse(task, "NoCapacity", "no room")
    other = "b" if task == "a" else "a"
    assert driver.take().states == {task: F, other: C}
    assert driver.run.state is F


def test_an_exit_task_that_runs_goes_on_when_its_run_is_cancelled_and_ends_when_it_is_killed() -> None:
    driver = Driver(document(body={}, other={}, out={"dependentTasks": ["body"], **ALWAYS}), well).begin()
    driver.start("body").end("body").start("other").start("out").running_now("out").running_now("other")
    driver.run.cancel("enough")
    assert driver.take().states == {"body": S, "other": State.STOPPING, "out": State.RUNNING}
    driver.run.cancel("now", kill=True)
    assert driver.take().states["out"] is State.STOPPING


def test_an_exit_task_that_waits_still_runs_after_its_run_is_cancelled() -> None:
    driver = Driver(document(body={}, other={}, out={"dependentTasks": ["body"], **ALWAYS}), well).begin()
    driver.start("body").end("body").start("other")
    driver.run.cancel("enough")
    driver.take().start("out").end("out").end("other")
    assert (driver.states, driver.run.state) == ({"body": S, "other": C, "out": S}, C)
