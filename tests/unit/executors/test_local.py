"""The local executor's choice between processes and containers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest

from kflite.core.job import Exit, Job, Mount, MountSource, Python, Resources, Role, VolumeClaim
from kflite.errors import ExecutorError
from kflite.executors.base import ended
from kflite.executors.local import LocalExecutor
from kflite.testing import FakeBackend, FakeExecutor, FakeRun

pytestmark = pytest.mark.anyio
CONTAINER = Role("alpine", ("echo",))
PYTHON = Role("python:3.11", ("python3",), python=Python("pass", ()))


class Processes(FakeExecutor):
    """Stands for the process executor."""

    warmed = 0

    def __init__(self, backend: FakeBackend | None = None) -> None:
        super().__init__(backend or FakeBackend(capacity=Resources(2.0, 1 << 30)), "process")

    mounts = True

    def warm(self) -> None:
        self.warmed += 1

    async def can_mount(self) -> bool:
        return self.mounts


class Daemon(FakeExecutor):
    """Stands for the Docker executor; `there` tells whether a daemon answers."""

    there = True
    entered = 0
    left = 0

    async def __aenter__(self) -> Self:
        self.entered += 1
        if not self.there:
            raise ExecutorError("no Docker daemon at unix:///x: start it, or use --on process", "NoDocker")
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.left += 1


@pytest.fixture
def processes() -> Processes:
    return Processes()


@pytest.fixture
def docker() -> Daemon:
    return Daemon(FakeBackend(lambda _job: FakeRun(exit=Exit(3, "Error"))), "docker")


@pytest.fixture
async def local(processes: Processes, docker: Daemon) -> AsyncIterator[LocalExecutor]:
    async with LocalExecutor(processes, lambda: docker) as local:
        yield local


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    return lambda *roles: Job("run/task", 1, roles, tmp_path)


async def test_python_runs_as_a_process(local: LocalExecutor, job: Callable[..., Job], docker: Daemon) -> None:
    ref = await local.start(job(PYTHON))
    assert ref.startswith("process:")
    assert await ended(local, ref) == Exit(0)
    assert docker.entered == 0


async def test_a_command_runs_in_a_container(local: LocalExecutor, job: Callable[..., Job], processes: Processes) -> None:
    ref = await local.start(job(CONTAINER))
    assert ref.startswith("docker:")
    assert (await ended(local, ref)).code == 3
    assert processes.backend.starts == []


MOUNTING = replace(PYTHON, mounts=(Mount("/data", MountSource.VOLUME, "data"),))


async def test_python_with_mounts_runs_as_a_process_where_processes_may_mount(
    local: LocalExecutor, job: Callable[..., Job], processes: Processes
) -> None:
    assert (await local.start(job(MOUNTING))).startswith("process:")


async def test_python_with_mounts_runs_in_a_container_where_they_may_not(
    local: LocalExecutor, job: Callable[..., Job], processes: Processes
) -> None:
    processes.mounts = False
    assert (await local.start(job(MOUNTING))).startswith("docker:")
    assert (await local.start(replace(job(PYTHON), attempt=2))).startswith("process:")


async def test_a_volume_is_created_without_docker(local: LocalExecutor, job: Callable[..., Job], docker: Daemon) -> None:
    assert (await local.start(replace(job(), claim=VolumeClaim("data")))).startswith("process:")
    assert docker.entered == 0


async def test_one_role_that_is_no_python_takes_the_job_to_containers(local: LocalExecutor, job: Callable[..., Job]) -> None:
    assert (await local.start(job(PYTHON, CONTAINER))).startswith("docker:")


async def test_docker_is_entered_once_and_left_at_the_end(processes: Processes, docker: Daemon, job: Callable[..., Job]) -> None:
    async with LocalExecutor(processes, lambda: docker) as local:
        await local.start(job(CONTAINER))
        await local.start(job(CONTAINER))
    assert (docker.entered, docker.left) == (1, 1)


async def test_without_a_daemon_a_container_is_refused_with_the_remedy(
    local: LocalExecutor, job: Callable[..., Job], docker: Daemon
) -> None:
    docker.there = False
    with pytest.raises(ExecutorError, match="start it, or use --on process") as caught:
        await local.start(job(CONTAINER))
    assert caught.value.reason == "NoDocker"


async def test_a_daemon_that_came_up_since_is_used(local: LocalExecutor, job: Callable[..., Job], docker: Daemon) -> None:
    docker.there = False
    with pytest.raises(ExecutorError):
        await local.start(job(CONTAINER))
    docker.there = True
    assert (await local.start(job(CONTAINER))).startswith("docker:")


async def test_a_containers_attempt_is_lost_where_no_daemon_answers(local: LocalExecutor, docker: Daemon) -> None:
    docker.there = False
    exit = await ended(local, "docker:run/task#1")
    assert (exit.code, exit.reason, exit.lost) == (-1, "NoDocker", True)


async def test_a_ref_leads_back_to_the_executor_that_gave_it(
    processes: Processes, docker: Daemon, job: Callable[..., Job]
) -> None:
    async with LocalExecutor(processes, lambda: docker) as local:
        refs = [await local.start(job(PYTHON)), await local.start(job(CONTAINER))]
    async with LocalExecutor(Processes(processes.backend), lambda: docker) as local:
        assert [(await ended(local, ref)).code for ref in refs] == [0, 3]
        await local.stop(refs[1], 0)
    assert (processes.backend.stops, docker.backend.stops) == ([], ["run/task#1"])


async def test_both_share_what_the_machine_has(local: LocalExecutor) -> None:
    assert local.capacity() == Resources(2.0, 1 << 30)


async def test_it_warms_the_processes(local: LocalExecutor, processes: Processes) -> None:
    local.warm()
    assert processes.warmed == 1
