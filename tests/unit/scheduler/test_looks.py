"""A task that reads what lies outside: it is queued once the content is known, which decides its cache key."""

from __future__ import annotations

import json
from random import Random

import pytest
from leaves import recover, well
from runner import Driver

from kflite.core.event_kind import State
from kflite.core.task_event import TaskQueued
from kflite.scheduler.action import FetchDigests

URI = "s3://bucket/key"


def document(cached: bool = True) -> str:
    """An importer, and a task that reads what it imports."""
    artifact = {"artifactType": {"schemaTitle": "system.Dataset"}}
    found = {"taskOutputArtifact": {"producerTask": "importer", "outputArtifactKey": "artifact"}}
    tasks = {
        "importer": {"componentRef": {"name": "comp-importer"}},
        "read": {
            "componentRef": {"name": "comp-read"},
            "inputs": {"artifacts": {"data": found}},
            "cachingOptions": {"enableCache": True} if cached else {},
        },
    }
    components = {
        "comp-importer": {"executorLabel": "exec-importer", "outputDefinitions": {"artifacts": {"artifact": artifact}}},
        "comp-read": {"executorLabel": "exec-read", "inputDefinitions": {"artifacts": {"data": artifact}}},
    }
    executors = {
        "exec-importer": {"importer": {"artifactUri": {"constant": URI}, "typeSchema": artifact["artifactType"]}},
        "exec-read": {"container": {"image": "i", "command": ["read"]}},
    }
    whole = {"pipelineInfo": {"name": "p"}, "root": {"dag": {"tasks": tasks}}, "components": components}
    return json.dumps(whole | {"deploymentSpec": {"executors": executors}})


def begun(cached: bool = True) -> Driver:
    return Driver(document(cached), well).begin()


def fetched(driver: Driver, content: str) -> Driver:
    driver.run.tasks.digests_fetched("read", {URI: content})
    return driver.take()


def queued(driver: Driver) -> TaskQueued:
    (data,) = (e.data for e in driver.events if isinstance(e.data, TaskQueued) and e.task == "read")
    return data


def test_it_waits_for_the_content_which_is_stored_with_it() -> None:
    driver = begun()
    assert (driver.actions, driver.queued) == ([FetchDigests("read", frozenset({URI}))], [])
    assert fetched(driver, "b3:1").queued == ["read"]
    (artifact,) = queued(driver).artifacts["data"]
    assert artifact.digest == "b3:1"


def test_the_content_decides_the_key() -> None:
    one, same, other = (queued(fetched(begun(), content)).key for content in ("b3:1", "b3:1", "b3:2"))
    assert one == same != other


def test_a_task_whose_content_is_unknown_or_that_is_not_cached_has_no_key() -> None:
    assert queued(fetched(begun(), "")).key == ""
    assert begun(cached=False).queued == ["read"]


def test_another_scheduler_looks_again() -> None:
    found = recover(begun())
    assert [act for act in found.actions if isinstance(act, FetchDigests)] == [FetchDigests("read", frozenset({URI}))]
    assert fetched(found, "b3:1").finish(Random(0)).run.state is State.SUCCEEDED


@pytest.mark.parametrize("kill", [False, True])
def test_a_run_that_is_stopped_meanwhile_is_over(kill: bool) -> None:
    driver = begun()
    driver.run.cancel("enough", kill)
    driver.take()
    assert (driver.states["read"], driver.run.state) == (State.CANCELLED, State.CANCELLED)
    assert fetched(driver, "b3:1").queued == []
