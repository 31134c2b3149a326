"""Artifacts that pods copy themselves, between S3 and where a task sees them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from contract.jobs import Jobs
from contract.kube import PATIENCE_S, Space, namespace
from machine import S3, STAGING_IMAGE

from kflite.core.job import Exit, Job
from kflite.executors.base import ended
from kflite.executors.kubernetes import KubernetesExecutor

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(not S3, reason="no S3 beside the cluster: tests/run names its own")]


@pytest.fixture
def space(cluster: str) -> Iterator[Space]:
    with namespace(cluster) as space:
        keys = {"AWS_ACCESS_KEY_ID": "kflite", "AWS_SECRET_ACCESS_KEY": "kflite-secret", "AWS_ENDPOINT_URL": S3}
        space.kubectl("create", "secret", "generic", "s3", *(f"--from-literal={key}={text}" for key, text in keys.items()))
        yield space


@pytest.fixture
def jobs(tmp_path: Path, cluster: str) -> Jobs:
    return Jobs(tmp_path, cluster)


async def run(executor: KubernetesExecutor, job: Job) -> Exit:
    return await asyncio.wait_for(ended(executor, await executor.start(job)), PATIENCE_S)


def staged(jobs: Jobs, task: str, text: str, **more: tuple[tuple[str, Path], ...]) -> Job:
    job = jobs.job(jobs.code(text), task=task)
    return replace(job, outputs=(job.folder / "said", *(path for _, path in more.get("push", ()))), **more)


async def test_what_one_task_pushes_another_gets_and_none_of_it_comes_here(space: Space, jobs: Jobs) -> None:
    folder, uri = jobs.out("folder"), f"s3://kflite/{space.name}/folder"
    write = f"""
import os
os.makedirs({str(folder / "deep")!r})
open({str(folder / "deep" / "large")!r}, "wb").write(bytes(range(256)) * 50_000)
open({str(folder / "small")!r}, "w").write("grüße")
open({str(jobs.root / "runs/run/write/1/said")!r}, "w").write("written")
"""
    read = f"""
print(open({str(folder / "small")!r}).read(), open({str(folder / "deep" / "large")!r}, "rb").read() == bytes(range(256)) * 50_000)
"""
    first = staged(jobs, "write", write, push=((uri, folder),))
    second = staged(jobs, "read", read, fetch=((uri, folder),))
    async with space.executor(storage_secret="s3", staging_image=STAGING_IMAGE, images=space.plain) as executor:
        assert executor.stages == ("s3",)
        assert [await run(executor, first), await run(executor, second)] == [Exit(0), Exit(0)]
    assert (second.folder / "log").read_text() == "grüße True\n"
    assert (first.folder / "said").read_text() == "written"
    assert not folder.exists()


async def test_an_input_that_is_not_there_is_named(space: Space, jobs: Jobs) -> None:
    job = staged(jobs, "read", "print(1)", fetch=((f"s3://kflite/{space.name}/none", jobs.out("none")),))
    async with space.executor(storage_secret="s3", staging_image=STAGING_IMAGE, images=space.plain) as executor:
        exit = await run(executor, job)
    assert exit.reason == "StagingFailed"
    assert f"nothing is at s3://kflite/{space.name}/none" in exit.message
    assert not exit.lost


async def test_an_image_without_the_drivers_says_which_has_them(space: Space, jobs: Jobs) -> None:
    job = staged(jobs, "read", "print(1)", fetch=((f"s3://kflite/{space.name}/none", jobs.out("none")),))
    async with space.executor(storage_secret="s3") as executor:
        exit = await run(executor, job)
    assert exit.reason == "StagingFailed"
    assert "kflite image build" in exit.message
