"""Lives of a race, which uses all of a plan's seam, through schedulers that die at every point: of any two of them, one may be
the last thing that happened. What is answered, measured, served, stopped early and suspended comes out the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
from clock import simulate
from race import BOARD, LOSS, Race

from kflite import store
from kflite.core.event import Data, Event
from kflite.core.event_kind import Kind, State
from kflite.core.job import Exit, Job, Reading, Readings, Resources
from kflite.core.plan import Origin, Plan
from kflite.core.run_event import RunResumed, RunSuspendRequested
from kflite.core.task_event import TaskServing
from kflite.core.value import Value
from kflite.scheduler import Scheduler, SchedulerDeps, Submission
from kflite.scheduler.deps import LEASE_S, no_run
from kflite.store.blobs.files import FileBlobs
from kflite.testing import FakeBackend, FakeExecutor, FakeRun

RUN = "run"
LONGEST_S = 5_000.0
# Each racer's losses, and when it ends by itself, in seconds after its start: the second is good enough early.
LOSSES = {"racer-0": (0.9, 0.5, 0.4), "racer-1": (0.8, 0.05, 0.01), "racer-2": (0.7, 0.6)}


class Crash(BaseException):
    """The process is gone, here and now."""


class RaceLife:
    """A race from its submission to its end. crash_at: the number of the point at which the first scheduler dies, 0 for none."""

    def __init__(self, folder: Path, crash_at: int = 0, suspend_at: float = 0.0) -> None:
        self.folder, self.crash_at, self.suspend_at = folder, crash_at, suspend_at
        self.store = store.open("sqlite://")
        self.backend = FakeBackend(_script, Resources(8.0, 1 << 30, 0))
        self.points_passed = self.schedulers = self.asked = 0
        self.requests: list[asyncio.Queue[Event]] = []

    def live(self) -> RaceLife:
        simulate(self._live())
        return self

    async def _live(self) -> None:
        asking = asyncio.ensure_future(self._suspend()) if self.suspend_at else None
        while not self._ended():
            self.schedulers += 1
            assert self.schedulers < 10, "it never ends"
            before = asyncio.all_tasks()
            try:
                async with asyncio.timeout(LONGEST_S):
                    await self._generation()
            except Crash:
                await _gone(before)
            await asyncio.sleep(LEASE_S + 1)
        if asking:
            asking.cancel()
        await asyncio.sleep(100)
        assert self.backend.running == []

    async def _generation(self) -> None:
        scheduler = Scheduler(self._deps())
        await scheduler.__aenter__()
        assert scheduler._turns_task
        use = asyncio.ensure_future(self._use(scheduler))
        done, _ = await asyncio.wait({use, scheduler._turns_task}, return_when=asyncio.FIRST_COMPLETED)
        for finished in done:
            finished.result()
        await scheduler.__aexit__()

    async def _use(self, scheduler: Scheduler) -> None:
        if not self.store.runs():
            await scheduler.submit(Submission(RUN, "n", "race", "p", "", {}, on="fake", cache=False))
        while not await scheduler.adopt(RUN):  # noqa: ASYNC110 - simulated time passes at once
            await asyncio.sleep(1)
        await scheduler.ended(RUN)

    async def _suspend(self) -> None:
        await asyncio.sleep(self.suspend_at)
        await self._request(RunSuspendRequested("make room"))
        while self.store.run(RUN).state is not State.SUSPENDED and not self._ended():  # noqa: ASYNC110
            await asyncio.sleep(1)
        await asyncio.sleep(50)
        await self._request(RunResumed())

    async def _request(self, data: Data) -> None:
        while not self.store.runs():  # noqa: ASYNC110
            await asyncio.sleep(1)
        event = Event(RUN, data, asyncio.get_running_loop().time())
        self.store.append([event])
        for queue in self.requests:
            queue.put_nowait(event)

    async def _heard(self) -> AsyncIterator[Event]:
        queue: asyncio.Queue[Event] = asyncio.Queue()
        self.requests.append(queue)
        while True:
            yield await queue.get()

    def _ended(self) -> bool:
        return bool(self.store.runs()) and self.store.run(RUN).state.ended

    def _failpoint(self, name: str) -> None:
        self.points_passed += 1
        if self.points_passed == self.crash_at:
            raise Crash(name)

    def _plan(self, kind: str, document: str, inputs: Mapping[str, Value], origin: Origin) -> Plan:
        return Race(self._draw, retries=0)

    def _draw(self) -> Value:
        self.asked += 1
        return len(LOSSES)

    def _deps(self) -> SchedulerDeps:
        async def inline(function: Callable[..., object], /, *args: object) -> object:
            await asyncio.sleep(0.001)
            return function(*args)

        return SchedulerDeps(
            self.store,
            FileBlobs(str(self.folder / "artifacts")),
            self._plan,
            lambda on: FakeExecutor(self.backend),
            self.folder,
            str(self.folder / "artifacts"),
            f"elsewhere:{self.schedulers}:0:x",
            self._heard,
            accepts=no_run,
            clock=asyncio.get_running_loop().time,
            offload=inline,  # type: ignore[arg-type]
            transfer=inline,  # type: ignore[arg-type]
            failpoint=self._failpoint,
        )

    # What came out.

    @property
    def states(self) -> dict[str, tuple[State, str]]:
        return {row.task: (row.state, row.reason) for row in self.store.tasks(RUN)}

    @property
    def kinds(self) -> list[Kind]:
        return [event.kind for event in self.store.events(RUN)]

    def measured(self, task: str) -> list[tuple[int, float]]:
        return [(point.attempt, point.value) for point in self.store.points(RUN, task)]


def _script(job: Job) -> FakeRun:
    task = job.id.partition("/")[2]
    if task == BOARD:
        return FakeRun(float("inf"))
    losses = LOSSES[task]
    updates = tuple((10.0 * n + 3.0, Readings((Reading(LOSS, loss, n, 10.0 * n, "main.0"),))) for n, loss in enumerate(losses))
    return FakeRun(10.0 * len(losses), Exit(0), updates=updates)


async def _gone(before: set[asyncio.Task[object]]) -> None:
    """All that the dead process did ends with it."""
    mine = asyncio.all_tasks() - before - {asyncio.current_task()}  # type: ignore[arg-type]
    for task in mine:
        task.cancel()
    await asyncio.gather(*mine, return_exceptions=True)


ENDS = {
    "racer-0": (State.SUCCEEDED, ""),
    "racer-1": (State.SUCCEEDED, "good enough"),
    "racer-2": (State.SUCCEEDED, ""),
    BOARD: (State.SUCCEEDED, "the race is over"),
}


def check(life: RaceLife) -> None:
    assert life.states == ENDS
    assert life.kinds.count(Kind.RUN_ANSWERED) == 1
    assert life.kinds.count(Kind.RUN_ENDED) == 1
    last = {task: max(attempt for attempt, _ in life.measured(task)) for task in LOSSES}
    outcome = {task: [value for attempt, value in life.measured(task) if attempt == last[task]] for task in LOSSES}
    assert outcome["racer-0"] == list(LOSSES["racer-0"])
    assert outcome["racer-2"] == list(LOSSES["racer-2"])
    assert outcome["racer-1"] == list(LOSSES["racer-1"])[: len(outcome["racer-1"])]
    assert len(outcome["racer-1"]) >= 2
    assert len(set(life.backend.starts)) == len(life.backend.starts)


def passed(tmp_path: Path, suspend_at: float = 0.0) -> int:
    return RaceLife(tmp_path, suspend_at=suspend_at).live().points_passed


def test_a_race_without_a_crash_comes_out_as_its_losses_say(tmp_path: Path) -> None:
    life = RaceLife(tmp_path).live()
    check(life)
    assert life.asked == 1
    assert [event.task for event in life.store.events(RUN) if isinstance(event.data, TaskServing)] == [BOARD]


def test_a_race_comes_out_the_same_wherever_its_scheduler_dies(tmp_path: Path) -> None:
    for crash_at in range(1, passed(tmp_path) + 1):
        check(RaceLife(tmp_path, crash_at).live())


@pytest.mark.parametrize("suspend_at", [0.5, 12.0, 15.5, 21.0])
def test_a_race_that_is_suspended_and_resumed_comes_out_the_same_wherever_its_scheduler_dies(
    suspend_at: float, tmp_path: Path
) -> None:
    """All may have ended while nobody looked: then there is nothing to suspend."""
    for crash_at in range(passed(tmp_path, suspend_at) + 1):
        life = RaceLife(tmp_path, crash_at, suspend_at).live()
        check(life)
        assert life.kinds.count(Kind.RUN_SUSPENDED) in ({0, 1} if crash_at else {1})
