"""What the executors' contract is tried on. To add an executor, add a line to SUBJECTS."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kflite.core.job import Exit, Job, Resources
from kflite.executors.base import Executor
from kflite.executors.docker import DockerExecutor
from kflite.executors.images import ImageMap
from kflite.executors.inline import InlineExecutor
from kflite.executors.kubernetes import KubernetesExecutor, KubernetesOptions
from kflite.executors.local import LocalExecutor
from kflite.executors.process import ProcessExecutor
from kflite.testing import FakeBackend, FakeExecutor, FakeRun

NAMESPACE = "KFLITE_TEST_NAMESPACE"
BASIC = frozenset({"start"})
CODE = BASIC | {"code", "claims"}  # what jobs print, read and write is real
HERE = frozenset({"live", "own volumes"})  # what is written is seen at once; named volumes are folders of the user's
ALL = CODE | {"commands", "stop", "gangs", "replicas", "outlives", "isolated", "mounts", "serves"} | HERE
ELSEWHERE = ALL - HERE - {"serves"}


@dataclass(frozen=True)
class Subject:
    """make: an executor, given a folder that all executors of a test share; needs: the fixture without which it cannot run.

    does: what the executor promises beyond the basics; a test names what it needs. only: what a test must need for this one to be
    tried, where another subject shows the rest.
    """

    name: str
    make: Callable[[Path], Executor]
    does: frozenset[str] = ALL
    needs: str = ""
    only: frozenset[str] = frozenset()


def scripted(job: Job) -> FakeRun:
    """A fake's part in the tests that look at no process: it reads what the job would do from a label."""
    told = json.loads(job.labels.get("fake", "{}"))
    code, lines = told.get("code", 0), told.get("appends")

    def append(_job: Job) -> None:
        Path(lines).parent.mkdir(parents=True, exist_ok=True)
        with Path(lines).open("a") as file:
            file.write("ran\n")

    ends = {replica: (after_s, status) for replica, (after_s, status) in told.get("ends", {}).items()}
    sleeps, stubborn = told.get("sleeps", False), told.get("stubborn", False)
    return FakeRun(
        math.inf if sleeps else 0.0,
        Exit(code, "Error" if code else ""),
        append if lines else None,
        math.inf if stubborn else 0.0,
        ends=ends,
    )


_worlds: dict[Path, FakeBackend] = {}


def _fake(home: Path) -> Executor:
    return FakeExecutor(_worlds.setdefault(home, FakeBackend(scripted)))


def _process(home: Path) -> ProcessExecutor:
    return ProcessExecutor(home / "environments", sys.executable, Resources(4.0, 8 << 30, 0), volumes=home / "volumes")


def _docker(home: Path) -> DockerExecutor:
    return DockerExecutor(volumes=home / "volumes")


def _cluster(volume: str) -> Callable[[Path], Executor]:
    images = ImageMap((("*", os.environ.get("KFLITE_TEST_IMAGE", "kflite-test/python:3.11")),))
    # Whoever else tests at this cluster has runs of the same names.
    return lambda _home: KubernetesExecutor(KubernetesOptions(namespace=os.environ[NAMESPACE], images=images, volume=volume))


SUBJECTS = [
    Subject("fake", _fake, BASIC | {"stop", "outlives", "live", "replicas", "serves"}),
    Subject("inline", lambda home: InlineExecutor(home / "volumes"), CODE | HERE),
    Subject("process", _process),
    Subject("docker", _docker, needs="docker_image"),
    Subject("kubernetes", _cluster(""), ELSEWHERE, "cluster"),
    Subject(
        "kubernetes-host",
        _cluster("host"),
        ALL - {"mounts", "claims", "own volumes", "serves"},
        "cluster_here",
        frozenset({"live"}),
    ),
    Subject("local", lambda home: LocalExecutor(_process(home), lambda: _docker(home)), needs="docker_image"),
]
