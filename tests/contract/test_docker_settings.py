"""What containers heed of the settings that are made for Pods."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import docker
import pytest
from contract.jobs import Jobs
from contract.probes import PATIENCE_S
from contract.test_executors import SUCCESS, log, run

from kflite.core.job import Job, Mount, MountSource, Role
from kflite.core.value import Value
from kflite.errors import ExecutorError
from kflite.executors.docker import DockerExecutor

pytestmark = pytest.mark.anyio


@pytest.fixture
async def executor(tmp_path: Path) -> AsyncIterator[DockerExecutor]:
    async with DockerExecutor(volumes=tmp_path / "volumes") as executor:
        yield executor


@pytest.fixture
def jobs(tmp_path: Path, docker_image: str) -> Jobs:
    return Jobs(tmp_path, docker_image)


def with_settings(job: Job, **settings: Value) -> Job:
    return replace(job, roles=tuple(replace(role, settings=settings) for role in job.roles))


async def test_a_container_runs_as_the_user_that_it_asks_for_and_writes_its_outputs(
    executor: DockerExecutor, jobs: Jobs, tmp_path: Path
) -> None:
    (tmp_path / "volumes" / "data").mkdir(parents=True)
    code = (
        f"import os; print(os.getuid(), os.getgid()); [open(p, 'w').write('x') for p in ({str(jobs.out('made'))!r}, '/v/made')]"
    )
    job = with_settings(jobs.python(code), securityContext={"runAsUser": 4711, "runAsGroup": 12, "runAsNonRoot": True})
    job = replace(job, roles=(replace(job.roles[0], mounts=(Mount("/v", MountSource.VOLUME, "data"),)),))
    assert await run(executor, job) == SUCCESS
    assert log(job) == "4711 12\n"
    assert jobs.out("made").read_text() == (tmp_path / "volumes" / "data" / "made").read_text() == "x"


@pytest.mark.skipif(os.getuid() != 0, reason="only root runs containers as root")
async def test_root_runs_nothing_that_is_not_to_run_as_root(executor: DockerExecutor, jobs: Jobs) -> None:
    with pytest.raises(ExecutorError, match="runAsNonRoot"):
        await executor.start(with_settings(jobs.ending(0), securityContext={"runAsNonRoot": True}))


async def test_shared_memory_is_as_large_as_it_is_asked_for(executor: DockerExecutor, jobs: Jobs) -> None:
    code = "import os; s = os.statvfs('/dev/shm'); print(s.f_blocks * s.f_frsize)"
    job = with_settings(jobs.python(code), enabledSharedMemory={"volumeName": "shm", "size": "8388608"})
    await run(executor, job)
    assert log(job) == "8388608\n"


async def test_an_image_that_is_not_to_be_pulled_must_be_here(executor: DockerExecutor, jobs: Jobs) -> None:
    absent = replace(jobs, image="kflite-test/none:1").ending(0)
    with pytest.raises(ExecutorError, match="not to be pulled") as told:
        await executor.start(with_settings(absent, imagePullPolicy="Never"))
    assert told.value.reason == "ImageNotFound"
    assert await run(executor, with_settings(jobs.ending(0, task="here"), imagePullPolicy="Never")) == SUCCESS


async def test_a_container_that_cannot_start_leaves_no_secret(
    executor: DockerExecutor, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KFLITE_SECRET_S", '{"key": "hunter2"}')
    job = with_settings(replace(jobs, image="kflite-test/none:1").ending(0), imagePullPolicy="Never")
    with pytest.raises(ExecutorError, match="not to be pulled"):
        await executor.start(replace(job, roles=(replace(job.roles[0], mounts=(Mount("/s", MountSource.SECRET, "s"),)),)))
    assert not (job.folder / "mounts").exists()


async def test_an_image_that_is_always_pulled_is_asked_for_where_it_comes_from(executor: DockerExecutor, jobs: Jobs) -> None:
    assert await run(executor, jobs.ending(0)) == SUCCESS
    with pytest.raises(ExecutorError) as told:
        await executor.start(with_settings(jobs.ending(0, task="again"), imagePullPolicy="Always"))
    assert told.value.reason == "ImageNotFound"


async def test_a_cancelled_start_does_not_wait_for_a_registry_that_is_silent(executor: DockerExecutor, jobs: Jobs) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(PATIENCE_S)
        job = jobs.job(Role(f"127.0.0.1:{silent.getsockname()[1]}/no/such:1", ("true",)))
        starting = asyncio.create_task(executor.start(job))
        connected, _ = await asyncio.to_thread(silent.accept)
        starting.cancel()
        await asyncio.wait({starting}, timeout=10)
        cancelled = starting.cancelled()
        connected.close()
    assert cancelled


async def test_what_a_start_waits_for_is_told_while_its_image_is_pulled(tmp_path: Path, docker_image: str) -> None:
    notes: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(PATIENCE_S)
        image = f"127.0.0.1:{silent.getsockname()[1]}/no/such:1"
        async with DockerExecutor() as executor:
            starting = asyncio.create_task(executor.start(Jobs(tmp_path, image).shell("true"), notes.append))
            (await asyncio.to_thread(silent.accept))[0].close()
            starting.cancel()
            await asyncio.wait({starting})
    assert notes == [f"for the image {image}, which is pulled"]


async def test_an_image_that_was_made_anew_is_another(tmp_path: Path, docker_image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kflite.executors.docker.pull._DIGEST_S", 0.0)
    name = f"kflite-test/identity:{tmp_path.name.lower()}"
    job = Jobs(tmp_path, name).shell("true")
    with closing(docker.from_env()) as client:
        async with DockerExecutor() as executor:
            absent = await executor.identity(job)
            client.images.get(docker_image).tag(name)
            first = await executor.identity(job)
            client.api.import_image_from_data(b"\0" * 1024, repository=name.partition(":")[0], tag=name.partition(":")[2])
            second = await executor.identity(job)
        client.images.remove(name)
    assert absent == {}
    assert list(first) == list(second) == ["image digest"]
    assert first != second
