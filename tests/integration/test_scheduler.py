"""The scheduler over fakes: what it does when something breaks that nobody foresaw."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kflite import dsl, store
from kflite.core.event import Event
from kflite.core.event_kind import Kind, State
from kflite.core.job import Job
from kflite.executors.base import unheard
from kflite.plans import dag
from kflite.scheduler import Scheduler, SchedulerDeps, Submission, loop
from kflite.scheduler.deps import no_run
from kflite.store.blobs.files import FileBlobs
from kflite.testing import FakeBackend, FakeExecutor


@dsl.component
def nothing() -> None:
    return None


@pytest.fixture
def backend(tmp_path: Path) -> SchedulerDeps:
    async def requests() -> AsyncIterator[Event]:
        await asyncio.get_running_loop().create_future()
        yield Event("", "", 0.0)  # type: ignore[arg-type]

    return SchedulerDeps(
        store=store.open("sqlite://"),
        blobs=FileBlobs(str(tmp_path / "artifacts")),
        plans=lambda kind, document, parameters, origin: dag.plan(document, parameters, origin),
        executors=lambda on: FakeExecutor(FakeBackend()),
        home=tmp_path,
        artifacts=str(tmp_path / "artifacts"),
        owner=store.owner_id(),
        requests=requests,
    )


def submission(run: str = "r") -> Submission:
    return Submission(run, "nothing", "pipeline", "nothing", dsl.compile(nothing).dumps(), {}, on="fake")


def state_of(backend: SchedulerDeps) -> State:
    async def work() -> State:
        async with Scheduler(backend) as scheduler:
            await scheduler.submit(submission())
            return await asyncio.wait_for(scheduler.ended("r"), 10)

    return asyncio.run(work())


def test_a_run_ends(backend: SchedulerDeps) -> None:
    assert state_of(backend) is State.SUCCEEDED


def test_that_a_task_runs_is_stored_with_its_end_where_that_comes_soon(
    backend: SchedulerDeps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "BATCH_S", 60.0)
    commits: list[list[Kind]] = []

    async def watched(work: Callable[..., object], *given: object) -> object:
        if work == backend.store.append:
            commits.append([event.kind for event in given[0]])  # type: ignore[attr-defined]
        return await asyncio.to_thread(work, *given)

    assert state_of(replace(backend, offload=watched)) is State.SUCCEEDED
    assert [kinds[:2] for kinds in commits if Kind.TASK_RUNNING in kinds] == [[Kind.TASK_RUNNING, Kind.TASK_SUCCEEDED]]


def test_a_bug_in_a_turn_reaches_whoever_waits_for_the_run(backend: SchedulerDeps) -> None:
    points = iter(["decided", "stored"])

    def bug(name: str) -> None:
        if next(points, "") == "stored":
            raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError, match="a bug"):
        state_of(replace(backend, failpoint=bug))


def test_a_bug_in_an_executor_ends_the_task_and_names_itself(backend: SchedulerDeps) -> None:
    class Broken(FakeExecutor):
        async def start(self, job: Job, waiting: Callable[[str], None] = unheard) -> str:
            raise RuntimeError("a bug")

    assert state_of(replace(backend, executors=lambda on: Broken())) is State.FAILED
    task = backend.store.tasks("r")[0]
    assert (task.reason, task.message) == ("InternalError", "RuntimeError: a bug")


def test_a_run_that_was_let_go_is_free_for_the_next_scheduler(backend: SchedulerDeps) -> None:
    def bug(name: str) -> None:
        if name == "stored":
            raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError):
        state_of(replace(backend, failpoint=bug))

    async def resume() -> State:
        async with Scheduler(replace(backend, owner=store.owner_id(), accepts=no_run)) as scheduler:
            assert await scheduler.adopt("r")
            return await asyncio.wait_for(scheduler.ended("r"), 10)

    assert asyncio.run(resume()) is State.SUCCEEDED


def test_runs_that_end_at_once_are_stored_also_while_others_are(backend: SchedulerDeps) -> None:
    async def slow(function, /, *args):  # type: ignore[no-untyped-def]
        for _ in range(len(args[-1]) if function == backend.store.put_plan else 20):
            await asyncio.sleep(0)
        return function(*args)

    async def work() -> list[State]:
        async with Scheduler(replace(backend, offload=slow)) as scheduler:
            runs = [replace(submission(f"r{n}"), document=_ends_at_once() + " " * n) for n in range(10)]
            await asyncio.wait_for(asyncio.gather(*map(scheduler.submit, runs)), 10)
            return [await scheduler.ended(run.run) for run in runs]

    assert asyncio.run(work()) == [State.SUCCEEDED] * 10
    assert {row.state for row in backend.store.runs()} == {State.SUCCEEDED}


def _ends_at_once() -> str:
    @dsl.pipeline
    def skipped(n: int = 1) -> None:
        with dsl.If(n == 2):
            nothing()

    return dsl.compile(skipped).dumps()
