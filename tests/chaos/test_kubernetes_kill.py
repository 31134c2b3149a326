"""Pods whose scheduler is killed, cancelled or left: found again, run once, and nothing left behind."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from contract.kube import PATIENCE_S, Space, namespace
from integration.cli import Cli, interrupt, tasks
from integration.hostile import newest, nothing_is_left
from machine import KUBECONFIG

SLOW = """
from kflite import dsl


@dsl.component
def slow(seconds: float, made: dsl.Output[dsl.Dataset]) -> int:
    import time

    print("began", flush=True)
    time.sleep(seconds)
    with open(made.path, "w") as file:
        file.write("x" * 50_000)
    print("ended")
    return 7


@dsl.container_component
def size(made: dsl.Input[dsl.Dataset], count: dsl.OutputPath(int)):
    return dsl.ContainerSpec(image="alpine", command=["sh", "-c", 'wc -c < "$0" > "$1"'], args=[made.path, count])


@dsl.pipeline
def slowly(seconds: float) -> int:
    return size(made=slow(seconds=seconds).outputs["made"]).outputs["count"]
"""


@pytest.fixture
def space(cluster: str) -> Iterator[Space]:
    with namespace(cluster) as space:
        yield space


@pytest.fixture
def cli(tmp_path: Path, space: Space) -> Cli:
    (tmp_path / "slow.py").write_text(SLOW)
    cli = Cli.at(tmp_path)
    return replace(cli, environment={**cli.environment, "KUBECONFIG": KUBECONFIG, "KFLITE_IMAGES": f"*={space.image}"})


def start(cli: Cli, space: Space, seconds: float) -> subprocess.Popen[str]:
    where = f"kubernetes:/{space.name}"
    process = cli.start("run", "slow.py:slowly", "-p", f"seconds={seconds}", "--on", where, "--no-cache")
    asyncio.run(space.running())
    return process


def test_a_task_runs_once_though_its_scheduler_is_killed(cli: Cli, space: Space) -> None:
    process = start(cli, space, seconds=5)
    process.kill()
    process.communicate()
    assert len(space.pods()) == 1
    resumed = cli.json("resume", "slowly")
    assert (resumed["state"], resumed["outputs"]) == ("SUCCEEDED", {"Output": 50_000})
    assert {task["attempts"] for task in tasks(resumed).values()} == {1}
    assert cli("logs", newest(cli), "slow").split()[-2:] == ["began", "ended"]
    assert space.ours() == []
    nothing_is_left(cli)


@pytest.mark.parametrize("end", ["cancel", "ctrl-c"])
def test_a_run_that_is_cancelled_ends_its_pods(cli: Cli, space: Space, end: str) -> None:
    process = start(cli, space, seconds=600)
    if end == "ctrl-c":
        interrupt(process)
    else:
        assert "CANCELLED" in cli("cancel", newest(cli))
    process.communicate(timeout=PATIENCE_S)
    assert cli.json("show", newest(cli))["state"] == "CANCELLED"
    assert space.ours() == []
    nothing_is_left(cli)


def test_a_pipeline_gives_the_same_on_a_cluster_as_here(cli: Cli, space: Space, docker_image: str) -> None:
    places = ("process", "docker", f"kubernetes:/{space.name}")
    found = [cli.json("run", "p.py:sound", "-p", "n=4", "--on", place, "--no-cache") for place in places]
    assert [run["outputs"] for run in found] == [{"Output": 8}] * 3
    assert space.ours() == []
