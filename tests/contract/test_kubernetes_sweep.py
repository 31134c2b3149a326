"""What schedulers leave that never come back: whoever is next in the namespace removes it once it is old, and nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from contract.jobs import Jobs
from contract.kube import PATIENCE_S, Space

from kflite.core.job import Exit
from kflite.executors.base import ended

pytestmark = pytest.mark.anyio


@pytest.fixture
def jobs(tmp_path: Path, cluster: str) -> Jobs:
    return Jobs(tmp_path, cluster)


async def ended_alone(space: Space, jobs: Jobs) -> str:
    """A run whose scheduler went while its pod ran; the pod has ended. Returns its ref."""
    job = jobs.python(f"open({str(jobs.out('made'))!r}, 'w').write('made')")
    async with space.executor() as executor:
        ref = await executor.start(job)
    waiting = ("wait", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=55s")
    await asyncio.to_thread(space.kubectl, *waiting, f"pod/{space.pods()[0]}")
    return ref


async def visit(space: Space, jobs: Jobs, kept_s: float) -> None:
    """Another run in the namespace, by a scheduler that removes what is older."""
    async with space.executor(kept_s=kept_s) as executor:
        job = replace(jobs.ending(0), id="other/task", folder=jobs.root / "runs" / "other" / "task" / "1")
        assert await asyncio.wait_for(ended(executor, await executor.start(job)), PATIENCE_S) == Exit(0)


async def test_a_run_whose_scheduler_never_came_back_is_removed_once_it_is_old(space: Space, jobs: Jobs) -> None:
    await ended_alone(space, jobs)
    await visit(space, jobs, kept_s=0.0)
    async with asyncio.timeout(PATIENCE_S):  # the cluster collects what the config map owned
        while await asyncio.to_thread(space.ours):
            pass


async def test_one_that_may_come_back_finds_what_it_left(space: Space, jobs: Jobs) -> None:
    ref = await ended_alone(space, jobs)
    await visit(space, jobs, kept_s=3600.0)
    async with space.executor(kept_s=0.0) as executor:
        assert await asyncio.wait_for(ended(executor, ref), PATIENCE_S) == Exit(0)
    assert jobs.out("made").read_text() == "made"
    assert space.ours() == []


async def test_a_run_that_goes_on_is_never_removed_however_old_it_is(space: Space, jobs: Jobs) -> None:
    async with space.executor() as executor:
        ref = await executor.start(jobs.sleeping())
        await visit(space, jobs, kept_s=0.0)
        assert len(space.pods()) == 1
        await executor.stop(ref, 0)
    assert space.ours() == []
