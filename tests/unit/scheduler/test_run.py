"""Decisions on a run: retries, deadlines, stops, and what another scheduler makes of a part of its events."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pipelines import Builder
from runner import FAILURE, LOST, SUCCESS, Driver, kinds

from kflite.core.event import Event
from kflite.core.event_kind import Kind, State
from kflite.core.job import Exit
from kflite.core.run_event import RunCancelRequested, RunEnded, RunRetried
from kflite.core.task_event import TaskWaiting
from kflite.scheduler.action import Enqueue, StopAttempt
from kflite.scheduler.ending import MOST_LOST
from kflite.scheduler.stopping import GRACE_S


def document(**tasks: dict[str, object]) -> str:
    """A pipeline of leaves; each task's own fields are given."""
    leaf = {"executorLabel": "exec-leaf"}
    whole = {
        "pipelineInfo": {"name": "p"},
        "root": {"dag": {"tasks": {name: {"componentRef": {"name": "comp-leaf"}, **fields} for name, fields in tasks.items()}}},
        "components": {"comp-leaf": leaf},
        "deploymentSpec": {"executors": {"exec-leaf": {"container": {"image": "i", "command": ["leaf"]}}}},
    }
    return json.dumps(whole)


CHAIN = document(a={}, b={"dependentTasks": ["a"]})
RETRIED = document(a={"retryPolicy": {"maxRetryCount": 2, "backoffDuration": "2s", "backoffFactor": 3.0}})


def well(task: str, attempt: int) -> Exit:
    return SUCCESS


def test_each_step_is_said_before_it_is_asked_for() -> None:
    driver = Driver(CHAIN, well).begin().start("a").end("a").start("b").end("b")
    task = [Kind.TASK_QUEUED, Kind.TASK_STARTING, Kind.TASK_RUNNING, Kind.TASK_SUCCEEDED]
    assert kinds(driver.events, "a") == kinds(driver.events, "b") == task
    assert driver.run.state is State.SUCCEEDED


def test_the_end_of_a_task_and_the_queueing_of_the_next_are_one_commit() -> None:
    driver = Driver(CHAIN, well).begin().start("a").end("a")
    assert kinds(driver.commits[-1]) == [Kind.TASK_RUNNING, Kind.TASK_SUCCEEDED, Kind.TASK_QUEUED]


def test_a_retry_waits_longer_each_time_and_ends_with_the_last() -> None:
    driver = Driver(RETRIED, well).begin()
    for _ in range(3):
        driver.start("a").end("a", FAILURE)
    assert [act.delay_s for act in driver.actions if isinstance(act, Enqueue)] == [0.0, 2.0, 6.0]
    assert (driver.states["a"], driver.run.state) == (State.FAILED, State.FAILED)


def test_an_attempt_that_was_lost_costs_the_user_no_retry_and_is_not_tried_for_ever() -> None:
    driver = Driver(document(a={}), well).begin()
    for _ in range(MOST_LOST + 1):
        assert driver.states["a"] is State.QUEUED
        driver.start("a").end("a", LOST)
    assert driver.states["a"] is State.FAILED


def test_a_deadline_stops_the_attempt_and_is_its_reason() -> None:
    driver = Driver(document(a={}), well).begin().start("a").running_now("a")
    driver.run.tasks.expired("a", 1)
    assert StopAttempt("a", GRACE_S) in driver.take().actions
    driver.end("a", Exit(-15, "Stopped"))
    assert driver.events[-2].data.reason == "Timeout"


def test_what_an_attempt_waits_for_is_stored_while_it_lasts() -> None:
    driver = Driver(document(a={}), well).begin()
    driver.run.tasks.waiting("a", "nobody listens yet")
    driver.start("a").running_now("a")
    driver.run.tasks.waiting("a", "no node is free")
    noted = [event.data.message for event in driver.take().events if isinstance(event.data, TaskWaiting)]
    assert noted == ["no node is free"]
    assert driver.states["a"] is State.RUNNING


def test_a_deadline_of_an_attempt_that_is_over_counts_no_more() -> None:
    driver = Driver(RETRIED, well).begin().start("a").end("a", FAILURE).start("a").running_now("a")
    driver.run.tasks.expired("a", 1)
    assert driver.states["a"] is State.RUNNING


def test_a_cancelled_run_stops_what_runs_and_gives_up_what_waits() -> None:
    driver = Driver(document(a={}, b={}, c={"dependentTasks": ["a"]}), well).begin().start("a").running_now("a")
    driver.run.cancel("enough")
    assert driver.take().states == {"a": State.STOPPING, "b": State.CANCELLED}
    driver.end("a", Exit(-15, "Stopped"))
    assert driver.states == {"a": State.CANCELLED, "b": State.CANCELLED, "c": State.SKIPPED}
    assert driver.events[-1].data == RunEnded(State.CANCELLED, "enough")


def test_a_kill_leaves_no_grace_and_runs_no_exit_task() -> None:
    always = {"dependentTasks": ["a"], "triggerPolicy": {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}}
    driver = Driver(document(a={}, z=always), well).begin().start("a").running_now("a")
    driver.run.cancel("enough")
    driver.run.cancel("enough", kill=True)
    assert driver.take().actions[-1] == StopAttempt("a", 0.0)
    driver.end("a", Exit(-9, "Stopped"))
    assert (driver.states["z"], driver.run.state) == (State.CANCELLED, State.CANCELLED)


def test_the_first_failure_stops_a_run_that_is_to_fail_fast() -> None:
    driver = Driver(document(a={}, b={}, c={}), well, fail_fast=True).begin().start("a").start("b").end("a", FAILURE)
    assert driver.states == {"a": State.FAILED, "b": State.STOPPING, "c": State.CANCELLED}
    driver.end("b", Exit(-15, "Stopped"))
    assert driver.run.state is State.FAILED


def test_other_tasks_go_on_after_a_failure_otherwise() -> None:
    driver = Driver(document(a={}, b={}, c={"dependentTasks": ["a"]}), well).begin().start("a").end("a", FAILURE)
    assert driver.start("b").end("b").states == {"a": State.FAILED, "c": State.SKIPPED, "b": State.SUCCEEDED}


def test_a_retry_of_the_run_keeps_what_succeeded_and_does_the_rest() -> None:
    driver = Driver(document(a={}, b={"dependentTasks": ["a"]}, c={"dependentTasks": ["b"]}), well).begin()
    driver.start("a").end("a").start("b").end("b", FAILURE)
    recover = Driver(driver.document, well).recover([*driver.events, Event("r", RunRetried(), 0.0)])
    assert recover.queued == ["b"]
    recover.finish(Random(0))
    assert set(recover.states.values()) == {State.SUCCEEDED}
    assert recover.run.tasks["b"].attempts == 2


def test_a_request_to_cancel_that_nobody_heard_is_heard_by_the_next_scheduler() -> None:
    driver = Driver(CHAIN, well).begin().start("a").running_now("a")
    recover = Driver(CHAIN, well).recover([*driver.events, Event("r", RunCancelRequested("enough"), 0.0)])
    assert recover.states["a"] is State.STOPPING


def test_what_has_ended_holds_no_work_so_that_a_long_run_does_not_grow() -> None:
    driver = Driver(CHAIN, well).begin()
    assert driver.run.tasks["a"].work is not None
    driver.finish(Random(0))
    assert [(record.work, record.key_parts) for _, record in driver.run.tasks.items()] == [(None, {})] * 2


pipelines = st.randoms(use_true_random=False).map(lambda random: Builder(random).pipeline())


@settings(max_examples=60, deadline=None)
@given(pipelines, st.integers(0, 10**6))
def test_whatever_part_of_its_events_is_stored_a_run_comes_to_the_same_end(pipeline: str, seed: int) -> None:
    def exits(task: str, attempt: int) -> Exit:
        drawn = Random(f"{seed}/{task}/{attempt}").random()
        return FAILURE if drawn < 0.2 else LOST if drawn < 0.3 else SUCCESS

    whole = Driver(pipeline, exits).begin().finish(Random(seed))
    for commits in range(1, len(whole.commits)):
        stored = [event for commit in whole.commits[:commits] for event in commit]
        recover = Driver(pipeline, exits).recover(stored).finish(Random(seed + commits))
        assert recover.states == whole.states, f"after {commits} commits"
        assert recover.run.state is whole.run.state


@pytest.mark.parametrize("reason", ["NoCapacity"])
def test_a_task_that_can_never_start_fails_with_the_reason(reason: str) -> None:
    driver = Driver(CHAIN, well).begin()
    driver.run.tasks.refuse("a", reason, "it asks for 8 GPUs, and there are 0 here")
    assert driver.take().states == {"a": State.FAILED, "b": State.SKIPPED}
