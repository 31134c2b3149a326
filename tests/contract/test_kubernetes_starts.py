"""Starts that are given up or refused while what they ask for is on its way: nothing stays, and they can be made again."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from contract.jobs import Jobs
from contract.kube import PATIENCE_S, Space, Wire

from kflite.core.job import Exit
from kflite.errors import ExecutorError
from kflite.executors.base import ended
from kflite.executors.kubernetes import KubernetesExecutor
from kflite.executors.kubernetes.api import Api
from kflite.executors.kubernetes.objects import Object

pytestmark = pytest.mark.anyio


@pytest.fixture
def jobs(tmp_path: Path, cluster: str) -> Jobs:
    return Jobs(tmp_path, cluster)


class Gate:
    """Holds up what creates pods, before the server hears of it or after it has done it."""

    def __init__(self, patch: pytest.MonkeyPatch, before: bool) -> None:
        self.reached, self.open = asyncio.Event(), asyncio.Event()
        create = Api.create

        async def held(api: Api, path: str, body: Object) -> Object | None:
            made = None if before else await create(api, path, body)
            self.reached.set()
            await self.open.wait()
            return await create(api, path, body) if before else made

        patch.setattr(Api, "create", held)


async def given_up(executor: KubernetesExecutor, gate: Gate, jobs: Jobs) -> None:
    """A start that is cancelled while the gate holds it."""
    starting = asyncio.ensure_future(executor.start(jobs.ending(0)))
    await asyncio.wait_for(gate.reached.wait(), PATIENCE_S)
    starting.cancel()
    await asyncio.wait({starting}, timeout=0.1)
    gate.open.set()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(starting, PATIENCE_S)


@pytest.mark.parametrize("before", [True, False], ids=["asked", "done"])
async def test_a_start_that_is_given_up_leaves_nothing(
    space: Space, jobs: Jobs, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    async with space.executor() as executor:
        await given_up(executor, Gate(monkeypatch, before), jobs)
    assert space.ours() == []


async def test_a_start_that_was_given_up_can_be_made_again(space: Space, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    async with space.executor() as executor:
        await given_up(executor, Gate(monkeypatch, before=False), jobs)
    async with space.executor() as executor:
        assert await asyncio.wait_for(ended(executor, await executor.start(jobs.ending(0))), PATIENCE_S) == Exit(0)
    assert space.ours() == []


async def test_a_start_that_is_given_up_while_the_server_is_away_ends_and_so_does_its_executor(
    space: Space, jobs: Jobs, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(wire.config))
    monkeypatch.setattr("kflite.executors.kubernetes.executor._UNDO_S", 0.5)
    monkeypatch.setattr("kflite.executors.kubernetes.executor._LEAVE_S", 0.5)
    gate = Gate(monkeypatch, before=True)
    async with asyncio.timeout(PATIENCE_S):
        async with space.executor() as executor:
            starting = asyncio.ensure_future(executor.start(jobs.ending(0)))
            await gate.reached.wait()
            wire.cut()
            gate.open.set()
            starting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await starting
    assert space.pods() == []


async def test_a_pod_that_is_refused_leaves_nothing_and_tells_why(space: Space, jobs: Jobs) -> None:
    limits = [{"type": "Container", "max": {"memory": "64Mi"}}]
    about = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "small"}, "spec": {"limits": limits}}
    space.kubectl("create", "-f", "-", given=json.dumps(about))
    async with space.executor() as executor:
        with pytest.raises(ExecutorError, match="maximum memory usage per Container is 64Mi"):
            await executor.start(jobs.limited(jobs.ending(0), 128 << 20))
    assert space.ours() == []


async def test_a_task_waits_with_a_word_while_the_quota_is_used_up(space: Space, jobs: Jobs) -> None:
    space.kubectl("create", "quota", "one", "--hard=pods=1")
    said: asyncio.Queue[str] = asyncio.Queue()
    async with space.executor() as executor, asyncio.timeout(PATIENCE_S):
        first = await executor.start(jobs.sleeping())
        second = asyncio.ensure_future(executor.start(jobs.ending(0, task="second"), said.put_nowait))
        assert "exceeded quota: one" in await said.get()
        await executor.stop(first, 0)
        assert await ended(executor, await second) == Exit(0)
        assert "" in [said.get_nowait() for _ in range(said.qsize())]
    assert space.ours() == []


async def test_a_task_that_waits_for_the_quota_can_be_given_up(space: Space, jobs: Jobs) -> None:
    space.kubectl("create", "quota", "none", "--hard=pods=0")
    said: asyncio.Queue[str] = asyncio.Queue()
    async with space.executor() as executor, asyncio.timeout(PATIENCE_S):
        starting = asyncio.ensure_future(executor.start(jobs.ending(0), said.put_nowait))
        await said.get()
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
    assert space.ours() == []


@pytest.mark.parametrize("size", [200_000, 3_000_000])
async def test_arguments_that_are_too_long_fail_at_once(space: Space, jobs: Jobs, size: int) -> None:
    async with space.executor() as executor:
        try:
            exit = await ended(executor, await executor.start(jobs.python("print(1)", "x" * size)))
        except ExecutorError as error:
            exit = Exit(1, error.reason)
    assert exit.reason == "ArgumentTooLong", exit
    assert space.ours() == []
