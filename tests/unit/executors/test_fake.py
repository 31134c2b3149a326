"""The public fake, in time that passes as the test says."""

from __future__ import annotations

import asyncio
import math
import selectors
from collections.abc import Coroutine
from dataclasses import replace
from typing import TypeVar

import pytest
from contract.jobs import Jobs

from kflite.core.job import Exit, VolumeClaim
from kflite.errors import ExecutorError
from kflite.executors.base import ended
from kflite.testing import FakeBackend, FakeExecutor, FakeRun

T = TypeVar("T")


@pytest.mark.anyio
async def test_a_claim_is_a_job_like_others(jobs: Jobs) -> None:
    async with FakeExecutor() as executor:
        ref = await executor.start(replace(jobs.job(), claim=VolumeClaim("data")))
        assert await ended(executor, ref) == Exit(0)


class Simulated(asyncio.SelectorEventLoop):
    """Does not wait for its next timer, but goes there."""

    def __init__(self) -> None:
        super().__init__(selectors.SelectSelector())
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self.now = max(self.now, self._scheduled[0]._when)  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


def simulate(main: Coroutine[object, object, T], loop: Simulated) -> T:
    return asyncio.Runner(loop_factory=lambda: loop).run(main)


def test_jobs_take_the_time_that_the_script_says(jobs: Jobs) -> None:
    loop = Simulated()
    executor = FakeExecutor(FakeBackend(lambda job: FakeRun(3600.0 * job.attempt, Exit(job.attempt, "Error"))))

    async def main() -> list[Exit]:
        refs = [await executor.start(jobs.ending(0, attempt=attempt)) for attempt in (1, 2)]
        return await asyncio.gather(*(ended(executor, ref) for ref in refs))

    assert [exit.code for exit in simulate(main(), loop)] == [1, 2]
    assert loop.now == 7200


def test_what_runs_survives_the_crash_of_its_executor(jobs: Jobs) -> None:
    backend = FakeBackend(lambda _job: FakeRun(100.0))
    one, two = Simulated(), Simulated()

    async def first() -> str:
        return await FakeExecutor(backend).start(jobs.ending(0))

    async def second(ref: str) -> Exit:
        assert [job.id for job in backend.running] == ["run/task"]
        assert await FakeExecutor(backend).start(jobs.ending(0)) == ref
        return await ended(FakeExecutor(backend), ref)

    ref = simulate(first(), one)
    two.now = 40.0
    assert simulate(second(ref), two) == Exit(0)
    assert (two.now, backend.starts) == (100.0, [("run/task", 1)])


@pytest.mark.parametrize(("stop_s", "code", "ends"), [(2.0, -15, 2.0), (math.inf, -9, 10.0)])
def test_a_stop_takes_as_long_as_the_script_says(jobs: Jobs, stop_s: float, code: int, ends: float) -> None:
    loop = Simulated()
    backend = FakeBackend(lambda _job: FakeRun(math.inf, stop_s=stop_s))

    async def main() -> Exit:
        executor = FakeExecutor(backend)
        ref = await executor.start(jobs.ending(0))
        end = asyncio.ensure_future(ended(executor, ref))
        await executor.stop(ref, 10.0)
        return await end

    assert simulate(main(), loop) == Exit(code, "Stopped", "stopped on request")
    assert (loop.now, backend.stops) == (ends, ["run/task#1"])


def test_outputs_are_written_once_and_only_by_what_ended_by_itself(jobs: Jobs) -> None:
    written: list[str] = []
    backend = FakeBackend(lambda job: FakeRun(float(job.attempt), write=lambda job: written.append(job.id)))

    async def main() -> None:
        executor = FakeExecutor(backend)
        kept, stopped = [await executor.start(jobs.ending(0, attempt=attempt)) for attempt in (1, 2)]
        await executor.stop(stopped, 0)
        await asyncio.gather(ended(executor, kept), ended(executor, kept), ended(executor, stopped))

    simulate(main(), Simulated())
    assert written == ["run/task"]


def test_a_refused_start_leaves_nothing(jobs: Jobs) -> None:
    backend = FakeBackend(lambda _job: FakeRun(refuse=ExecutorError("no room", "NoRoom")))
    with pytest.raises(ExecutorError, match="no room"):
        simulate(FakeExecutor(backend).start(jobs.ending(0)), Simulated())
    assert (backend.starts, backend.attempts) == ([], {})


def test_what_the_world_loses_is_lost(jobs: Jobs) -> None:
    backend = FakeBackend(lambda _job: FakeRun(math.inf))

    async def main() -> Exit:
        ref = await FakeExecutor(backend).start(jobs.ending(0))
        asyncio.get_running_loop().call_later(5, backend.lose, ref)
        return await ended(FakeExecutor(backend), ref)

    assert simulate(main(), Simulated()).lost
