"""A pipeline inside another has a longest time: what is stopped by it, what it is told, and that it holds after a takeover."""

from __future__ import annotations

import json
from random import Random

from leaves import GROUP, RETRIED, again, document, well
from runner import BADLY, Driver

from kflite.event import Kind, State
from kflite.job import Exit

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


def limit(driver: Driver) -> tuple[float, str]:
    return min(driver.run.limits("g/a", False))


def test_it_counts_from_the_groups_beginning() -> None:
    assert limit(running()) == (1060.0, "g")


def test_a_task_that_is_stopped_by_it_says_so_and_is_not_tried_again() -> None:
    driver = running()
    driver.run.expired("g/a", 1, "g")
    driver.take().end("g/a", STOPPED)
    (failed,) = [e for e in driver.events if e.kind is Kind.TASK_FAILED and e.task == "g/a"]
    assert (failed.data["reason"], failed.data["message"]) == ("Timeout", "the pipeline g ran longer than its 60 s")
    assert driver.states == {"g": F, "g/a": F, "g/b": K}


def test_a_scheduler_that_takes_over_keeps_the_beginning() -> None:
    second = again(running())
    second.clock.now += 50
    assert limit(second) == (1060.0, "g")


def test_a_scheduler_that_takes_over_a_stop_gives_its_reason() -> None:
    first = running()
    first.run.expired("g/a", 1, "g")
    second = again(first.take())
    second.run.cancel("enough", kill=True)
    second.take().end("g/a", STOPPED)
    (failed,) = [e for e in second.events if e.kind is Kind.TASK_FAILED and e.task == "g/a"]
    assert failed.data["message"] == "the pipeline g ran longer than its 60 s"


def test_an_attempt_that_would_begin_too_late_is_none() -> None:
    driver = running().end("g/a", BADLY)
    assert driver.states["g/a"] is State.QUEUED
    driver.clock.now += 15
    driver.start("g/a").end("g/a", BADLY)
    (failed,) = [e for e in driver.events if e.kind is Kind.TASK_FAILED and e.task == "g/a"]
    assert failed.data["message"] == "it broke"


def test_a_retry_of_the_run_gives_the_group_its_time_again() -> None:
    first = running()
    first.run.expired("g/a", 1, "g")
    second = Driver(first.document, well)
    second.clock.now = 5000.0
    second.again([*first.take().end("g/a", STOPPED).events, RETRIED])
    assert limit(second) == (5060.0, "g")
    assert second.finish(Random(0)).run.state is S
