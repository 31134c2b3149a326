"""Containers whose scheduler is killed, or whose daemon is restarted: found again or named, run once, and nothing left behind."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest
from contract.test_docker_restart import PrivateDaemon, _loaded, daemon  # noqa: F401 - fixtures
from integration.cli import Cli, interrupt, tasks
from integration.hostile import executions, newest, nothing_is_left, runs

# Each box notes that it runs, and ends when it may.
BOXES = """
from kflite import dsl

SCRIPT = 'echo "$0" >> "$1/ledger"; touch "$1/ready-$0"; while [ ! -e "$1/go" ]; do sleep 0.02; done'


@dsl.container_component
def box(name: str, folder: str):
    return dsl.ContainerSpec(image="IMAGE", command=["sh", "-c", SCRIPT, name, folder])


@dsl.pipeline
def boxes(folder: str):
    box(name="a", folder=folder)
    box(name="b", folder=folder)
"""

PATIENCE_S = 60.0


class Boxes:
    """The command line with a pipeline of two containers, whose signs lie in a folder that both see."""

    def __init__(self, folder: Path, image: str, address: str = "") -> None:
        cli = Cli.at(folder)
        (folder / "boxes.py").write_text(BOXES.replace("IMAGE", image))
        self.cli = replace(cli, environment={**cli.environment, "DOCKER_HOST": address}) if address else cli
        self.signs = folder / "home" / "artifacts" / "signs"
        self.signs.mkdir(parents=True, mode=0o700)
        self.address = address

    def start(self) -> subprocess.Popen[str]:
        return self.cli.start("run", "boxes.py", "-p", f"folder={self.signs}", "--on", "docker", "--no-cache")

    def ready(self, process: subprocess.Popen[str] | None = None) -> None:
        for name in "ab":
            self.cli.wait_for(self.signs / f"ready-{name}", process)

    def client(self) -> docker.DockerClient:
        return docker.DockerClient(self.address) if self.address else docker.from_env()

    def left(self) -> list[str]:
        """Containers and networks of these runs that are still there."""
        found = []
        with closing(self.client()) as client:
            for run in runs(self.cli):
                label = {"label": f"kflite.dev/run={run['run']}"}
                found += [box.name for box in client.containers.list(all=True, filters=label)]
                found += [network.name for network in client.networks.list(filters=label)]
        return found

    def over(self, twice: int = 1) -> None:
        """Check that each box ran so often, and that nothing is left."""
        assert executions(self.signs / "ledger") == {"a": twice, "b": twice}
        assert self.left() == []
        nothing_is_left(self.cli)


@pytest.fixture
def boxes(tmp_path: Path, docker_image: str) -> Boxes:
    return Boxes(tmp_path, docker_image)


@pytest.fixture
def event(boxes: Boxes) -> Iterator[Callable[[str], None]]:
    """Waits for the daemon to tell that something was done with a container of ours."""
    with closing(boxes.client()) as client:
        stream = client.events(decode=True, filters={"label": "kflite.dev/task=box", "type": "container"})

        def ours(each: dict[str, Any]) -> bool:
            return each["Actor"]["Attributes"]["kflite.dev/log"].startswith(f"{boxes.cli.folder}/")

        def wait(action: str) -> None:
            next(each for each in stream if each["Action"] == action and ours(each))

        yield wait
        stream.close()


@pytest.mark.parametrize("moment", ["create", "attach", "start"])
def test_containers_run_once_wherever_their_scheduler_is_killed(moment: str, boxes: Boxes, event: Callable[[str], None]) -> None:
    process = boxes.start()
    event(moment)
    process.kill()
    process.communicate()
    (boxes.signs / "go").touch()
    assert boxes.cli.json("resume", "boxes")["state"] == "SUCCEEDED"
    boxes.over()


def test_containers_that_ended_meanwhile_are_not_run_again(boxes: Boxes) -> None:
    process = boxes.start()
    boxes.ready(process)
    process.kill()
    process.communicate()
    (boxes.signs / "go").touch()
    with closing(boxes.client()) as client:
        for name in boxes.left():
            client.containers.get(name).wait(timeout=PATIENCE_S)
    resumed = boxes.cli.json("resume", "boxes")
    assert {(task["state"], task["attempts"]) for task in tasks(resumed).values()} == {("SUCCEEDED", 1)}
    boxes.over()


@pytest.mark.parametrize("end", ["cancel", "kill", "ctrl-c"])
def test_containers_end_with_their_run(boxes: Boxes, end: str) -> None:
    process = boxes.start()
    boxes.ready(process)
    run = newest(boxes.cli)
    if end == "ctrl-c":
        interrupt(process)
    else:
        assert "CANCELLED" in boxes.cli("cancel", run, *(["--kill"] if end == "kill" else []))
    process.communicate(timeout=PATIENCE_S)
    assert {task["state"] for task in tasks(boxes.cli.json("show", run)).values()} == {"CANCELLED"}
    boxes.over()


def test_containers_that_a_killed_scheduler_left_can_be_cancelled(boxes: Boxes) -> None:
    process = boxes.start()
    boxes.ready(process)
    process.kill()
    process.communicate()
    assert len(boxes.left()) == 2
    assert "CANCELLED" in boxes.cli("cancel", newest(boxes.cli))
    boxes.over()


@pytest.fixture
def apart(tmp_path: Path, docker_image: str, daemon: PrivateDaemon) -> Boxes:  # noqa: F811
    return Boxes(tmp_path, docker_image, daemon.address)


def test_a_restart_of_the_daemon_is_named_and_the_run_goes_on(apart: Boxes, daemon: PrivateDaemon) -> None:  # noqa: F811
    """The daemon ends its containers when it is stopped, and each task gets another attempt that does not count as a retry."""
    process = apart.start()
    apart.ready(process)
    daemon.end(signal.SIGTERM)
    for sign in apart.signs.glob("ready-*"):
        sign.unlink()
    daemon.start()
    apart.ready(process)
    (apart.signs / "go").touch()
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, out + err
    assert "DaemonRestarted" in out
    run = newest(apart.cli)
    assert {task["attempts"] for task in tasks(apart.cli.json("show", run)).values()} == {2}
    assert "DaemonRestarted" in apart.cli("show", run, "box")
    apart.over(twice=2)


def test_a_daemon_that_stays_away_fails_the_run_by_name(apart: Boxes, daemon: PrivateDaemon) -> None:  # noqa: F811
    (apart.cli.folder / "kflite.toml").write_text("[docker]\nreconnect_s = 0.5\n")
    process = apart.start()
    apart.ready(process)
    daemon.end_with_containers()
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1, out + err
    assert "no Docker daemon at unix://" in apart.cli("show", newest(apart.cli), "box")
    nothing_is_left(apart.cli)
    daemon.start()
    (apart.signs / "go").touch()
    assert apart.cli.json("retry")["state"] == "SUCCEEDED"
    assert apart.left() == []
