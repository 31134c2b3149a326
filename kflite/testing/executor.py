"""A fake executor: a script says how long jobs take and how they end. It uses the event loop's time, which tests may simulate."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Self, TypeAlias

from kflite.core.job import AttemptWaiting, Exit, Job, Readings, Resources, Serving, Update
from kflite.errors import ExecutorError
from kflite.executors import serving
from kflite.executors.base import ended, unheard
from kflite.executors.checks import check_roles
from kflite.executors.exits import end_of, from_verdict, of_each
from kflite.executors.gang import End, verdict

EarlyUpdate: TypeAlias = AttemptWaiting | Serving | Readings

_SIGTERM, _SIGKILL = -15, -9
_SUCCESS = Exit(0)
_PEER_GRACE_S = 10.0


@dataclass(frozen=True, slots=True)
class FakeRun:
    """What one attempt does.

    delay_s: seconds until it ends by itself, infinite for one that must be stopped; exit: how it ends then; write: writes the
    job's outputs, called once when it ends by itself; stop_s: seconds from a stop to its end, infinite where SIGTERM is ignored;
    refuse: the start fails with this error, and nothing runs;
    updates: what it reports before its end, each with the seconds after its start, in order; ready_s: seconds until its ready
    ports accept connections;
    ends: seconds and exit code of a gang's replicas that end by themselves, by "ROLE.INDEX"; the others take `delay_s` seconds
    and end as `exit` says.
    """

    delay_s: float = 0.0
    exit: Exit = _SUCCESS
    write: Callable[[Job], None] | None = None
    stop_s: float = 0.0
    refuse: ExecutorError | None = None
    updates: tuple[tuple[float, EarlyUpdate], ...] = ()
    ready_s: float = 0.0
    ends: Mapping[str, tuple[float, int]] = field(default_factory=dict)


Script: TypeAlias = Callable[[Job], FakeRun]


@dataclass(slots=True)
class FakeAttempt:
    """An attempt of the backend. Times are the loop's; `exit` is how it ends at `ends`; written: its outputs were written."""

    job: Job
    run: FakeRun
    began: float
    ends: float
    exit: Exit
    updates: tuple[tuple[float, EarlyUpdate], ...] = ()
    written: bool = False
    changed: list[asyncio.Event] = field(default_factory=list)


class FakeBackend:
    """The attempts that run, apart from the executor: one made after a simulated crash finds them here.

    script: what each attempt does, by default succeed at once; capacity: what the executor offers; identity: what else decides
    results there. `starts` has (job id, attempt) in order, without repeated starts; `stops` has refs.
    """

    def __init__(self, script: Script = lambda _job: FakeRun(), capacity: Resources = Resources(4.0, 16 << 30, 0)) -> None:
        self.script, self.capacity = script, capacity
        self.identity: Mapping[str, str] = {}
        self.attempts: dict[str, FakeAttempt] = {}
        self.starts: list[tuple[str, int]] = []
        self.stops: list[str] = []

    @property
    def running(self) -> list[Job]:
        """Jobs that have not ended by now, by the running loop's clock."""
        now = asyncio.get_running_loop().time()
        return [attempt.job for attempt in self.attempts.values() if attempt.ends > now]

    def lose(self, ref: str) -> None:
        """Let an attempt vanish, as if its machine were gone."""
        for changed in self.attempts.pop(ref).changed:
            changed.set()


class FakeExecutor:
    """Keeps the executor's contract over a FakeBackend; of the event loop it uses only the clock and timers."""

    stages: Collection[str] = ()

    def __init__(self, backend: FakeBackend | None = None, name: str = "fake", pool: str = "fake") -> None:
        self.backend = backend or FakeBackend()
        self._name, self._pool = name, pool

    @property
    def name(self) -> str:
        """The value of `--on`."""
        return self._name

    @property
    def pool(self) -> str:
        """The pool that the backend's capacity belongs to."""
        return self._pool

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        return None

    def capacity(self) -> Resources:
        """As the world says."""
        return self.backend.capacity

    async def identity(self, job: Job) -> Mapping[str, str]:
        """As the world says."""
        return self.backend.identity

    async def start(self, job: Job, waiting: Callable[[str], None] = unheard) -> str:
        """See the seam; raises the script's refusal."""
        ref = f"{job.id}#{job.attempt}"
        if ref not in self.backend.attempts:
            check_roles(job)
            run = self.backend.script(job)
            if run.refuse:
                raise run.refuse
            now = asyncio.get_running_loop().time()
            delay_s, exit = _end_of_run(job, run)
            updates = tuple((now + after_s, update) for after_s, update in _updates(job, run))
            self.backend.attempts[ref] = FakeAttempt(job, run, now, now + delay_s, exit, updates)
            self.backend.starts.append((job.id, job.attempt))
        return ref

    async def follow(self, ref: str) -> AsyncGenerator[Update, None]:
        """See the seam."""
        loop, before = asyncio.get_running_loop(), -math.inf
        while attempt := self.backend.attempts.get(ref):
            now = loop.time()
            for update in _due_updates(attempt, before, now):
                yield update
            if attempt.ends <= now:
                yield _exit_of(attempt)
                return
            before = now
            await _sleep(min(attempt.ends, *(at for at, _ in attempt.updates if at > now), math.inf) - now, attempt)
        yield Exit(-1, "Lost", "nothing is known of it", lost=True)

    async def stop(self, ref: str, grace_s: float) -> None:
        """See the seam."""
        self.backend.stops.append(ref)
        attempt = self.backend.attempts.get(ref)
        now = asyncio.get_running_loop().time()
        if attempt is None or attempt.ends <= now:
            return
        code = _SIGTERM if attempt.run.stop_s <= grace_s else _SIGKILL
        ends = now + min(attempt.run.stop_s, grace_s)
        if ends < attempt.ends:
            attempt.ends, attempt.exit = ends, of_each(attempt.job, Exit(code, "Stopped", "stopped on request"))
            attempt.run = replace(attempt.run, write=None)
            for changed in attempt.changed:
                changed.set()
        await ended(self, ref)


def _end_of_run(job: Job, run: FakeRun) -> tuple[float, Exit]:
    """The seconds after which the attempt ends by itself, and its exit."""
    replicas = [(replica.role.name, replica.index) for replica in job.replicas]
    if not replicas:
        return run.delay_s, run.exit
    timed = sorted((_end(replica, run) for replica in replicas), key=lambda end: end[0])
    ends = [end for _, end in timed]
    so_far = (verdict(ends[:count], replicas, job.success_roles) for count in range(1, len(ends) + 1))
    count = next((count for count, reached in enumerate(so_far, 1) if reached.settled), len(ends))
    others = [End(end.replica, _SIGTERM) for end in ends[count:]]
    last_s = timed[count - 1][0] + (min(run.stop_s, _PEER_GRACE_S) if others else 0.0)
    return last_s, from_verdict(verdict([*ends[:count], *others], replicas, job.success_roles), replicas)


def _end(replica: tuple[str, int], run: FakeRun) -> tuple[float, End]:
    after_s, code = run.ends.get("{}.{}".format(*replica), (run.delay_s, None))
    if code is None:
        return after_s, end_of(replica, run.exit, stopped=False)
    return after_s, End(replica, code, "Error" if code else "", f"exit status {code}" if code else "")


def _updates(job: Job, run: FakeRun) -> list[tuple[float, EarlyUpdate]]:
    """What it reports, with the seconds after its start."""
    numbers = [{port.name: port.number or 1 for port in replica.role.ports} for replica in job.replicas]
    addresses = serving.addresses(job, ["fake"] * len(numbers), numbers)
    ready: list[tuple[float, EarlyUpdate]] = [(run.ready_s, Serving(addresses))] if addresses else []
    return sorted([*run.updates, *ready], key=lambda timed: timed[0])


def _due_updates(attempt: FakeAttempt, before: float, now: float) -> list[EarlyUpdate]:
    """The updates since `before`; to a new follower all readings, and of the other kinds what holds now."""
    due = [update for at, update in attempt.updates if before < at <= now and at < attempt.ends]
    if before > -math.inf:
        return due
    latest = {type(update): update for update in due if attempt.ends > now and update != AttemptWaiting("")}
    return [update for update in due if isinstance(update, Readings) or latest.get(type(update)) is update]


def _exit_of(attempt: FakeAttempt) -> Exit:
    if not attempt.written and attempt.run.write:
        attempt.run.write(attempt.job)
    attempt.written = True
    return attempt.exit


async def _sleep(left_s: float, attempt: FakeAttempt) -> None:
    """Sleep until the attempt's end, or until that changes."""
    changed = asyncio.Event()
    attempt.changed.append(changed)
    try:
        async with asyncio.timeout(None if math.isinf(left_s) else left_s):
            await changed.wait()
    except TimeoutError:
        return
    finally:
        attempt.changed.remove(changed)
