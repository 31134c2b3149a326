"""What executors tell of an attempt: one stream that ends with its exit, for as many as follow it, also after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

import pytest
from contract.jobs import Jobs
from contract.probes import PATIENCE_S, there, told
from contract.subjects import Subject

from kflite.core.job import Exit, Job, Port, ReplicaExit, Restart, Serving, Update
from kflite.errors import ExecutorError
from kflite.executors.base import Executor, ended

pytestmark = pytest.mark.anyio
SLEEP = "import time; time.sleep(600)"
PATIENT = """
import os, time
open({ready!r}, "w").close()
while not os.path.exists({go!r}):
    time.sleep(0.01)
"""


async def heard(executor: Executor, ref: str) -> list[Update]:
    """All that an attempt tells."""
    async with asyncio.timeout(PATIENCE_S), aclosing(executor.follow(ref)) as updates:
        return [update async for update in updates]


async def run(executor: Executor, job: Job) -> Exit:
    return await asyncio.wait_for(ended(executor, await executor.start(job)), PATIENCE_S)


async def test_the_exit_comes_last_and_once(executor: Executor, jobs: Jobs) -> None:
    updates = await heard(executor, await executor.start(jobs.ending(3)))
    assert [update for update in updates if isinstance(update, Exit)] == updates[-1:]


async def test_an_attempt_that_has_ended_tells_its_exit_alone(executor: Executor, jobs: Jobs) -> None:
    ref = await executor.start(jobs.ending(3))
    await ended(executor, ref)
    (exit,) = await heard(executor, ref)
    assert isinstance(exit, Exit)
    assert exit.code == 3


async def test_each_replica_has_an_end_of_its_own(executor: Executor, jobs: Jobs) -> None:
    assert (await run(executor, jobs.ending(3))).replicas == (ReplicaExit("main", 0, 3, "Error"),)
    assert (await run(executor, jobs.ending(0, task="good"))).replicas == (ReplicaExit("main", 0, 0),)


async def test_another_executor_knows_the_end_of_each_replica(make: Callable[[], Executor], jobs: Jobs) -> None:
    async with make() as executor:
        ref = await executor.start(jobs.ending(3))
        exit = await ended(executor, ref)
    async with make() as executor:
        assert (await ended(executor, ref)).replicas == exit.replicas


@pytest.mark.needs("stop", "live")
async def test_whoever_leaves_the_stream_stops_nothing(executor: Executor, jobs: Jobs) -> None:
    ref = await executor.start(jobs.sleeping())
    following = asyncio.ensure_future(heard(executor, ref))
    await asyncio.wait({following}, timeout=0.05)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    other = asyncio.ensure_future(ended(executor, ref))
    await asyncio.wait({other}, timeout=0.05)
    assert not other.done()
    await executor.stop(ref, 0.1)
    assert (await other).reason == "Stopped"


@pytest.mark.needs("replicas")
async def test_the_end_of_each_replica_of_a_gang_is_told_by_rank(make: Callable[[], Executor], jobs: Jobs) -> None:
    async with make() as executor:
        ref = await executor.start(jobs.gang(5, SLEEP))
        exit = await asyncio.wait_for(ended(executor, ref), PATIENCE_S)
    assert (exit.code, exit.reason) == (5, "Error")
    assert "chief" in exit.message
    assert [(each.role, each.index, each.reason) for each in exit.replicas] == [
        ("chief", 0, "Error"),
        ("worker", 0, "PeerFailed"),
        ("worker", 1, "PeerFailed"),
    ]
    async with make() as executor:
        assert (await ended(executor, ref)).replicas == exit.replicas


@pytest.mark.needs("replicas")
async def test_a_gang_succeeds_with_its_success_roles_and_the_others_are_stopped(executor: Executor, jobs: Jobs) -> None:
    exit = await run(executor, replace(jobs.gang(0, SLEEP), success_roles=("chief",)))
    assert (exit.code, exit.reason) == (0, "")
    assert [(each.role, each.reason) for each in exit.replicas] == [
        ("chief", ""),
        ("worker", "PeerSucceeded"),
        ("worker", "PeerSucceeded"),
    ]


@pytest.mark.needs("replicas", "outlives", "live", "code")
async def test_success_roles_count_for_the_next_executor_too(make: Callable[[], Executor], jobs: Jobs) -> None:
    ready, go, job = jobs.out("ready"), jobs.out("go"), jobs.gang(0, SLEEP)
    patient = jobs.code(PATIENT.format(ready=str(ready), go=str(go)))
    job = replace(job, roles=(replace(patient, name="chief"), job.roles[1]), success_roles=("chief",))
    async with make() as executor:
        ref = await executor.start(job)
        await there(ready)
    async with make() as executor:
        ending = asyncio.ensure_future(ended(executor, ref))
        go.touch()
        exit = await asyncio.wait_for(ending, PATIENCE_S)
    assert (exit.code, [each.reason for each in exit.replicas]) == (0, ["", "PeerSucceeded", "PeerSucceeded"])


@pytest.mark.needs("serves", "stop")
async def test_where_it_serves_is_told_once_it_accepts_connections(
    make: Callable[[], Executor], jobs: Jobs, subject: Subject
) -> None:
    async with make() as executor:
        ref = await executor.start(jobs.serving())
        serving = await asyncio.wait_for(told(executor, ref, Serving), PATIENCE_S)
        assert list(serving.addresses) == ["main.0/http"]
        if subject.name != "fake":
            host, port = serving.addresses["main.0/http"].rsplit(":", 1)
            (await asyncio.open_connection(host, int(port)))[1].close()
    async with make() as executor:
        assert await asyncio.wait_for(told(executor, ref, Serving), PATIENCE_S) == serving
        await executor.stop(ref, 0.1)
        assert [type(update) for update in await heard(executor, ref)] == [Exit]


async def test_two_at_once_hear_the_same(executor: Executor, jobs: Jobs) -> None:
    ref = await executor.start(jobs.ending(3))
    one, other = await asyncio.gather(heard(executor, ref), heard(executor, ref))
    assert one[-1] == other[-1] == Exit(3, "Error", getattr(one[-1], "message", ""))


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"restart": Restart.ON_FAILURE}, "NoRestarts"),
        ({"min_replicas": 1, "replicas": 2}, "NotElastic"),
        ({"ports": (Port("http", ready="grpc"),)}, "BadPort"),
    ],
)
async def test_what_it_would_not_do_is_refused(executor: Executor, jobs: Jobs, asked: dict[str, object], reason: str) -> None:
    job = jobs.ending(0)
    with pytest.raises(ExecutorError) as error:
        await executor.start(replace(job, roles=(replace(job.roles[0], **asked),)))  # type: ignore[arg-type]
    assert error.value.reason == reason


async def test_a_role_that_is_not_there_makes_nothing_succeed(executor: Executor, jobs: Jobs) -> None:
    with pytest.raises(ExecutorError, match="no role 'chief'"):
        await executor.start(replace(jobs.ending(0), success_roles=("chief",)))


async def test_what_else_decides_a_result_is_told_by_name(executor: Executor, jobs: Jobs, subject: Subject) -> None:
    job = jobs.job(replace(jobs.ending(0).roles[0], python=None))
    identity = await executor.identity(job)
    assert list(identity) == (["image digest"] if subject.name in ("docker", "local") else [])
    assert await executor.identity(job) == identity


async def test_it_names_the_pool_that_it_draws_on(executor: Executor, subject: Subject) -> None:
    own = subject.name.startswith(("fake", "kubernetes"))
    assert executor.pool.startswith(subject.name.partition("-")[0] if own else "machine")
