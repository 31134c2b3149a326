"""A pipeline inside another has a longest time: what is stopped by it, what it is told, and that it holds after a takeover."""

from __future__ import annotations

import json
from random import Random

from leaves import GROUP, RETRIED, document, recover, well
from runner import FAILURE, Driver

from kflite.core.event_kind import Kind, State
from kflite.core.job import Exit
from kflite.scheduler.action import Expire
from kflite.scheduler.deadlines import REATTACHED_GRACE_S

S, F, K = State.SUCCEEDED, State.FAILED, State.SKIPPED
STOPPED = Exit(-15, "Stopped")
RETRY = {"retryPolicy": {"maxRetryCount": 3, "backoffDuration": "30s"}}


def bounded(**group: dict[str, object]) -> str:
    """A pipeline whose task `g` is a pipeline of these tasks, for 60 s at most."""
    platform = {"platforms": {"kflite": {"config": {"timeouts": {"root": {"g": 60}}}}}}
    return f"{document(group, g=GROUP)}\n{json.dumps(platform)}"


def running() -> Driver:
    """`g/a` runs, 20 s after `g` began."""
    driver = Driver(bounded(a=RETRY, b={"dependentTasks": ["a"]}), well).begin()
    driver.clock.now += 20
    return driver.start("g/a").running_now("g/a")


def limits(driver: Driver) -> list[Expire]:
    return [act for act in driver.actions if isinstance(act, Expire)]


def failure(driver: Driver, task: str) -> tuple[object, object]:
    (failed,) = [e for e in driver.events if e.kind is Kind.TASK_FAILED and e.task == task]
    return failed.data.reason, failed.data.message


def test_it_counts_from_the_groups_beginning() -> None:
    assert limits(running()) == [Expire("g", 1060.0)]


def test_a_task_that_is_stopped_by_it_says_so_and_is_not_tried_again() -> None:
    driver = running()
    driver.run.expire("g")
    driver.take().end("g/a", STOPPED)
    assert failure(driver, "g/a") == ("Timeout", "the pipeline g ran longer than its 60 s")
    assert driver.states == {"g": F, "g/a": F, "g/b": K}


def test_a_scheduler_that_takes_over_keeps_the_beginning() -> None:
    second = recover(running())
    assert limits(second) == [Expire("g", 1060.0)]


def test_what_may_have_ended_while_no_scheduler_was_there_has_a_moment_to_say_so() -> None:
    first = running()
    second = Driver(first.document, well)
    second.clock.now = 5000.0
    assert limits(second.recover(first.events)) == [Expire("g", 5000.0 + REATTACHED_GRACE_S)]


def test_a_task_that_waits_for_room_fails_when_the_time_is_up() -> None:
    driver = Driver(bounded(a={}, b={"dependentTasks": ["a"]}), well).begin()
    driver.run.expire("g")
    told = "the pipeline g ran longer than its 60 s, and this task was still waiting"
    assert failure(driver.take(), "g/a") == ("Timeout", told)
    assert driver.states == {"g": F, "g/a": F, "g/b": K}
    assert driver.run.state is F


def test_a_task_that_waits_beside_the_group_is_left_alone() -> None:
    driver = Driver(
        bounded(a={}).replace('"tasks": {"g"', '"tasks": {"beside": {"componentRef": {"name": "comp-leaf"}}, "g"'), well
    )
    driver.begin().run.expire("g")
    assert driver.take().states["beside"] is State.QUEUED


def test_a_task_whose_turn_comes_after_the_time_does_not_start() -> None:
    driver = running()
    driver.clock.now = 1061.0
    driver.end("g/a")
    assert (failure(driver, "g/b")[0], driver.queued) == ("Timeout", [])


def test_a_scheduler_that_comes_after_the_time_starts_nothing_that_waited() -> None:
    first = Driver(bounded(a={}), well).begin()
    second = Driver(first.document, well)
    second.clock.now = 1061.0
    second.recover(first.events)
    assert (failure(second, "g/a")[0], second.queued, second.run.state) == ("Timeout", [], F)


def test_the_time_of_a_group_that_has_ended_changes_nothing() -> None:
    driver = running().end("g/a").start("g/b").end("g/b")
    driver.run.expire("g")
    assert driver.take().run.state is S


def test_the_runs_own_time_counts_from_its_beginning_through_every_scheduler() -> None:
    first = Driver(document(a={}, b={}), well, timeout_s=60.0).begin().start("a").running_now("a")
    assert limits(first) == [Expire("", 1060.0)]
    second = Driver(first.document, well, timeout_s=60.0)
    second.clock.now = 1050.0
    assert limits(second.recover(first.events)) == [Expire("", 1060.0)]
    second.run.expire("")
    second.take().end("a", STOPPED)
    assert second.states == {"a": State.CANCELLED, "b": State.CANCELLED}
    assert (second.run.state, second.events[-1].data.reason) == (F, "the run took longer than its 60 s")


def test_a_retry_gives_the_run_its_time_again() -> None:
    first = Driver(document(a={}), lambda task, attempt: FAILURE, timeout_s=60.0).begin().finish(Random(0))
    second = Driver(first.document, well, timeout_s=60.0)
    second.clock.now = 5000.0
    assert limits(second.recover([*first.events, RETRIED])) == [Expire("", 5060.0)]


def test_a_scheduler_that_takes_over_a_stop_gives_its_reason() -> None:
    first = running()
    first.run.expire("g")
    second = recover(first.take())
    second.run.cancel("enough", kill=True)
    second.take().end("g/a", STOPPED)
    assert failure(second, "g/a")[1] == "the pipeline g ran longer than its 60 s"


def test_an_attempt_that_would_begin_too_late_is_none() -> None:
    driver = running().end("g/a", FAILURE)
    assert driver.states["g/a"] is State.QUEUED
    driver.clock.now += 15
    driver.start("g/a").end("g/a", FAILURE)
    assert failure(driver, "g/a")[1] == "it broke"


def test_a_retry_of_the_run_gives_the_group_its_time_again() -> None:
    first = running()
    first.run.expire("g")
    second = Driver(first.document, well)
    second.clock.now = 5000.0
    second.recover([*first.take().end("g/a", STOPPED).events, RETRIED])
    assert limits(second) == [Expire("g", 5060.0)]
    assert second.finish(Random(0)).run.state is S
