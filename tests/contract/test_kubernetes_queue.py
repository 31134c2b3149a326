"""Gangs that ask for a queue of Kueue start when they are let in, and say that they wait for it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from contract.jobs import Jobs
from contract.kube import PATIENCE_S, Space
from contract.kueue import GROUP, QUEUE, queue
from contract.probes import told

from kflite.core.job import Exit
from kflite.executors.base import ended

pytestmark = pytest.mark.anyio


@pytest.fixture
def jobs(tmp_path: Path, cluster_here: str) -> Jobs:
    return Jobs(tmp_path, cluster_here)


async def test_a_gang_says_that_it_waits_for_its_queue_and_goes_on_when_it_is_let_in(
    space: Space, jobs: Jobs, tmp_path: Path
) -> None:
    with queue(space, tmp_path) as held:
        async with space.executor(queue="team", pending_s=1.0) as executor:
            ref = await executor.start(jobs.job(replace(jobs.code("print(1)"), replicas=2)))
            waiting = asyncio.create_task(ended(executor, ref))
            pods = await held.whole()
            assert [pod["metadata"]["labels"][QUEUE] for pod in pods] == ["team", "team"]
            assert len({pod["metadata"]["labels"][GROUP] for pod in pods}) == 1
            note = await asyncio.wait_for(told(executor, ref), PATIENCE_S)
            assert note.message.endswith(": SchedulingGated: waiting for admission in the queue team")
            assert not waiting.done()
            await asyncio.to_thread(held.admit, pods)
            assert await asyncio.wait_for(waiting, PATIENCE_S) == Exit(0)
    assert space.ours() == []
