"""A fake executor: jobs take as long and end as a script says, in the event loop's time, which a test may simulate."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Self, TypeAlias

from kflite.core.job import Exit, Job, Resources
from kflite.errors import ExecutorError

_SIGTERM, _SIGKILL = -15, -9
_SUCCESS = Exit(0)


@dataclass(frozen=True, slots=True)
class FakeRun:
    """What one attempt does.

    delay_s: seconds until it ends by itself, infinite for one that must be stopped; exit: how it ends then; write: makes what the
    job leaves, called once when it ends by itself; stop_s: seconds from a stop to its end, infinite for one that ignores SIGTERM;
    refuse: the start fails with this error, and nothing runs.
    """

    delay_s: float = 0.0
    exit: Exit = _SUCCESS
    write: Callable[[Job], None] | None = None
    stop_s: float = 0.0
    refuse: ExecutorError | None = None


Script: TypeAlias = Callable[[Job], FakeRun]


@dataclass(slots=True)
class FakeAttempt:
    """An attempt in the world. Times are of the loop's clock; `exit` is how it ends at `ends`."""

    job: Job
    run: FakeRun
    began: float
    ends: float
    exit: Exit
    told: bool = False
    moved: list[asyncio.Event] = field(default_factory=list)


class FakeWorld:
    """What runs, apart from the executor that started it: an executor made after a simulated crash finds it here.

    script: what each attempt does, by default at once and with success; capacity: what the executor offers.
    `starts` has (job id, attempt) in order, repeated starts left out; `stops` has refs.
    """

    def __init__(self, script: Script = lambda _job: FakeRun(), capacity: Resources = Resources(4.0, 16 << 30, 0)) -> None:
        self.script, self.capacity = script, capacity
        self.attempts: dict[str, FakeAttempt] = {}
        self.starts: list[tuple[str, int]] = []
        self.stops: list[str] = []

    @property
    def running(self) -> list[Job]:
        """Jobs that have not ended by now; needs the running loop, for its clock."""
        now = asyncio.get_running_loop().time()
        return [attempt.job for attempt in self.attempts.values() if attempt.ends > now]

    def lose(self, ref: str) -> None:
        """Let an attempt vanish, as if its machine had."""
        for moved in self.attempts.pop(ref).moved:
            moved.set()


class FakeExecutor:
    """Keeps the executor's contract over a FakeWorld, using nothing of the event loop but its clock and its sleep."""

    stages: Collection[str] = ()

    def __init__(self, world: FakeWorld | None = None, name: str = "fake") -> None:
        self.world = world or FakeWorld()
        self._name = name

    @property
    def name(self) -> str:
        """The word of `--on`."""
        return self._name

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        return None

    def capacity(self) -> Resources:
        """As the world says."""
        return self.world.capacity

    async def start(self, job: Job) -> str:
        """See the seam; raises what the script refuses with."""
        ref = f"{job.id}#{job.attempt}"
        if ref not in self.world.attempts:
            run = self.world.script(job)
            if run.refuse:
                raise run.refuse
            now = asyncio.get_running_loop().time()
            self.world.attempts[ref] = FakeAttempt(job, run, now, now + run.delay_s, run.exit)
            self.world.starts.append((job.id, job.attempt))
        return ref

    async def wait(self, ref: str) -> Exit:
        """See the seam."""
        loop = asyncio.get_running_loop()
        while attempt := self.world.attempts.get(ref):
            left = attempt.ends - loop.time()
            if left <= 0:
                return _tell(attempt)
            await _sleep(left, attempt)
        return Exit(-1, "Lost", "nothing is known of it", lost=True)

    async def stop(self, ref: str, grace_s: float) -> None:
        """See the seam."""
        self.world.stops.append(ref)
        attempt = self.world.attempts.get(ref)
        now = asyncio.get_running_loop().time()
        if attempt is None or attempt.ends <= now:
            return
        code = _SIGTERM if attempt.run.stop_s <= grace_s else _SIGKILL
        ends = now + min(attempt.run.stop_s, grace_s)
        if ends < attempt.ends:
            attempt.ends, attempt.exit = ends, Exit(code, "Stopped", "stopped on request")
            attempt.run = replace(attempt.run, write=None)
            for moved in attempt.moved:
                moved.set()
        await self.wait(ref)


def _tell(attempt: FakeAttempt) -> Exit:
    if not attempt.told and attempt.run.write:
        attempt.run.write(attempt.job)
    attempt.told = True
    return attempt.exit


async def _sleep(left_s: float, attempt: FakeAttempt) -> None:
    """Until the attempt's end as it stands, or until that has moved."""
    moved = asyncio.Event()
    attempt.moved.append(moved)
    try:
        async with asyncio.timeout(None if math.isinf(left_s) else left_s):
            await moved.wait()
    except TimeoutError:
        return
    finally:
        attempt.moved.remove(moved)
