"""An attempt that a scheduler on another machine began is taken over, where both keep their folders at the same place."""

from __future__ import annotations

import asyncio
import shutil
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


async def taken_over(space: Space, jobs: Jobs, home: str) -> Exit:
    """How an attempt ends for a second scheduler that finds nothing of it in its folders."""
    job = jobs.python(f"import time; time.sleep(3); open({str(jobs.out('made'))!r}, 'w').write('by the first')")
    async with space.executor() as first:
        ref = await first.start(job)
    shutil.rmtree(jobs.root / "runs")
    async with space.executor(home=home) as second:
        return await asyncio.wait_for(ended(second, ref), PATIENCE_S)


async def test_it_is_found_by_its_pod_where_its_folder_is_missing(space: Space, jobs: Jobs) -> None:
    assert await taken_over(space, jobs, home=str(jobs.root)) == Exit(0)
    assert jobs.out("made").read_text() == "by the first"
    assert space.ours() == []


async def test_one_whose_folder_lies_elsewhere_is_lost(space: Space, jobs: Jobs) -> None:
    assert (await taken_over(space, jobs, home="/somewhere/else")).lost
