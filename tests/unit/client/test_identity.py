"""What a cache key says of the place where a task runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from kflite import dsl
from kflite.config import Settings
from kflite.core.plan import Origin, Ready, Work
from kflite.engine.executors import Executors
from kflite.plans import dag


@dsl.component
def python() -> int:
    return 1


@dsl.container_component
def container():
    return dsl.ContainerSpec(image="localhost:1/no/such:image", command=["true"])


def work_of(component: dsl.Component) -> Work:
    (ready,) = dag.plan(dsl.compile(component).dumps(), {}, Origin("r", "n", 0.0)).begin()
    assert isinstance(ready, Ready)
    return ready.work


@pytest.fixture
def executors(tmp_path: Path) -> Executors:
    return Executors(Settings(tmp_path, "sqlite://", str(tmp_path)))


def test_a_python_component_as_a_process_depends_on_the_interpreter(executors: Executors) -> None:
    assert executors.identity("local", work_of(python)) == executors.identity("process", work_of(python))
    assert executors.identity("process", work_of(python))["interpreter"].startswith("python 3.")


def test_a_container_and_the_same_command_as_a_process_never_share_a_result(executors: Executors) -> None:
    assert executors.identity("process", work_of(container)) != executors.identity("docker", work_of(container))
