"""Which tasks their executor is asked about before they are queued."""

from __future__ import annotations

from pathlib import Path

import pytest

from kflite import dsl
from kflite.config import Settings
from kflite.core.plan import Origin, Ready, Work
from kflite.dsl import kubernetes
from kflite.engine.executors import Executors
from kflite.engine.identity import has_identity
from kflite.plans import dag


@dsl.component
def python() -> int:
    return 1


@dsl.container_component
def container():
    return dsl.ContainerSpec(image="localhost:1/no/such:image", command=["true"])


@dsl.pipeline
def mounting() -> None:
    kubernetes.mount_pvc(python(), pvc_name="data", mount_path="/data")


def work_of(component: dsl.Component) -> Work:
    steps = dag.plan(dsl.compile(component).dumps(), {}, Origin("r", "n", 0.0)).begin()
    return next(step.work for step in steps if isinstance(step, Ready))


@pytest.mark.parametrize(
    ("on", "task", "asked"),
    [
        ("process", python, False),
        ("inline", python, False),
        ("local", python, False),
        ("docker", python, True),
        ("process", container, False),
        ("local", container, True),
        ("docker", container, True),
        ("process", mounting, True),
        ("kubernetes", container, False),
        ("kubernetes:context/namespace", mounting, False),
    ],
)
def test_only_what_names_do_not_tell_is_asked_for(on: str, task: dsl.Component, asked: bool) -> None:
    assert has_identity(on, work_of(task)) is asked


def test_executors_of_this_machine_share_a_pool(tmp_path: Path) -> None:
    executors = Executors(Settings(tmp_path, "sqlite://", str(tmp_path)))
    assert {executors(on).pool for on in ("local", "process", "inline")} == {"machine"}
