"""The scheduler and its executors: rooms that they share, what attempts tell, and what else decides a result there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from simulation.clock import simulate

from kflite import dsl, store
from kflite.core.event import Event
from kflite.core.event_kind import State
from kflite.core.job import AttemptWaiting, Job, Resources
from kflite.core.task_event import TaskQueued, TaskWaiting
from kflite.errors import ExecutorError
from kflite.plans import dag
from kflite.scheduler import Scheduler, SchedulerDeps, Submission
from kflite.store.blobs.files import FileBlobs
from kflite.testing import FakeBackend, FakeExecutor, FakeRun

MOMENT_S = 0.05


@dsl.component
def nothing() -> None:
    return None


def deps_of(fake: FakeBackend, folder: Path, pool: str = "") -> SchedulerDeps:
    """Dependencies whose executors all use this backend. pool: theirs, "" for one each."""

    async def inline(function: Callable[..., object], /, *args: object) -> object:
        return function(*args)

    async def requests() -> AsyncIterator[Event]:
        await asyncio.get_running_loop().create_future()
        yield Event("", "", 0.0)  # type: ignore[arg-type]

    return SchedulerDeps(
        store=store.open("sqlite://"),
        blobs=FileBlobs(str(folder / "artifacts")),
        plans=lambda kind, document, parameters, origin: dag.plan(document, parameters, origin),
        executors=lambda on: FakeExecutor(fake, on, pool or on),
        home=folder,
        artifacts=str(folder / "artifacts"),
        owner=store.owner_id(),
        requests=requests,
        offload=inline,  # type: ignore[arg-type]
        transfer=inline,  # type: ignore[arg-type]
    )


def run(deps: SchedulerDeps, *on: str) -> list[State]:
    """How runs end that go to these executors, all at once."""

    async def work() -> list[State]:
        async with Scheduler(deps) as scheduler:
            document = dsl.compile(nothing).dumps()
            names = [f"r{number}" for number in range(len(on))]
            for name, where in zip(names, on, strict=True):
                await scheduler.submit(Submission(name, "nothing", "pipeline", "nothing", document, {}, on=where))
            return [await asyncio.wait_for(scheduler.ended(name), 10) for name in names]

    return simulate(work())


@pytest.mark.parametrize(("pool", "at_once"), [("machine", 1), ("", 2)])
def test_executors_of_one_pool_take_turns(tmp_path: Path, pool: str, at_once: int) -> None:
    def script(_job: Job) -> FakeRun:
        return FakeRun(MOMENT_S * (1 + len(fake.starts)), write=lambda _job: most.append(len(fake.running) + 1))

    most: list[int] = []
    fake = FakeBackend(script, Resources(1.0, 1 << 30))
    assert run(deps_of(fake, tmp_path, pool), "process", "docker") == [State.SUCCEEDED] * 2
    assert max(most) == at_once


def test_what_a_task_waits_for_is_stored_as_its_executor_tells_it(tmp_path: Path) -> None:
    words = ((0.0, AttemptWaiting("no node is free")), (MOMENT_S / 2, AttemptWaiting("")))
    deps = deps_of(FakeBackend(lambda _job: FakeRun(MOMENT_S, updates=words)), tmp_path)
    run(deps, "fake")
    waiting = [event.data.message for event in deps.store.events("r0") if isinstance(event.data, TaskWaiting)]
    assert waiting == ["no node is free", ""]


@pytest.mark.parametrize(("on", "digest"), [("docker", "sha256:1"), ("process", None)])
def test_an_executor_is_asked_what_decides_a_result_where_that_may_be(tmp_path: Path, on: str, digest: str | None) -> None:
    fake = FakeBackend()
    fake.identity = {"image digest": "sha256:1"}
    deps = replace(deps_of(fake, tmp_path), has_identity=lambda on, _work: on == "docker")
    run(deps, on)
    (queued,) = [event.data for event in deps.store.events("r0") if isinstance(event.data, TaskQueued)]
    assert queued.key_parts
    assert queued.key_parts.get("image digest") == digest


def test_a_task_is_queued_without_an_identity_that_nobody_can_tell(tmp_path: Path) -> None:
    class Away(FakeExecutor):
        async def identity(self, job: Job) -> dict[str, str]:
            raise ExecutorError("no daemon", "NoDocker")

    deps = replace(deps_of(FakeBackend(), tmp_path), executors=lambda on: Away(), has_identity=lambda _on, _work: True)
    assert run(deps, "docker") == [State.SUCCEEDED]
