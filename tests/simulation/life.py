"""One simulated life of a run: random pipeline, delays, failures, lost attempts, faults and crashes, all decided by one seed."""

from __future__ import annotations

import asyncio
import json
import math
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from clock import simulate
from invariants import check_groups
from pipelines import DEADLINE_S, Builder, changed
from reference import expected

from kflite import store
from kflite.core.event import Event, Point
from kflite.core.event_kind import State
from kflite.core.job import AttemptWaiting, Exit, Job, Resources
from kflite.core.run_event import RunCancelRequested, RunRetried
from kflite.errors import LeaseLost, StoreFull, StoreLocked
from kflite.executors.base import unheard
from kflite.plans import dag
from kflite.scheduler import Scheduler, SchedulerDeps, Submission
from kflite.scheduler.deps import LEASE_S, no_run
from kflite.scheduler.record import TaskState
from kflite.store import Database
from kflite.store.blobs.files import FileBlobs
from kflite.testing import FakeBackend, FakeExecutor, FakeRun

RUN = "run"
# No life takes so long, in simulated seconds.
LONGEST_S = 20_000.0


class Crash(BaseException):
    """The process is gone, here and now."""


class Violation(Exception):
    """Not raised by kflite: an invariant does not hold."""


@dataclass
class FaultyStore(Database):
    """The real store in memory, that crashes its caller before or after a commit, or refuses to commit, as drawn."""

    def __init__(self, random: Random, rate: float) -> None:
        super().__init__(store.open("sqlite://").connection)
        self._random, self._rate = random, rate
        self.commits = 0

    def append(self, events: Sequence[Event], owner: str = "", points: Sequence[Point] = ()) -> int:
        chance = self._random.random() / self._rate if self._rate else 1.0
        if chance < 0.35:
            raise Crash
        if chance < 0.5:
            raise self._random.choice([StoreFull, StoreLocked])("simulated")
        seq = super().append(events, owner, points)
        self.commits += 1
        if chance < 1.0 and self._rate:
            raise Crash
        return seq


@dataclass
class SlowExecutor(FakeExecutor):
    """Takes its time to start, so that a crash may come in between; checks that what it starts was stored before."""

    def __init__(self, backend: FakeBackend, life: Life) -> None:
        super().__init__(backend)
        self._life = life

    async def identity(self, job: Job) -> Mapping[str, str]:
        await asyncio.sleep(self._life.random.random())
        return {"image digest": "of a container"}

    async def start(self, job: Job, waiting: Callable[[str], None] = unheard) -> str:
        task = job.id.partition("/")[2]
        if self._life.store.run(RUN).state.ended:
            raise Violation(f"{task} starts after the end of its run")
        self._life.check_intent(task, job.attempt)
        waits = self._life.waits(job)
        if waits:
            waiting("for its image")
        await asyncio.sleep(self._life.random.random() * 2)
        if waits:
            waiting("")
        ref = await super().start(job)
        try:
            await asyncio.sleep(self._life.random.random())
        except asyncio.CancelledError:
            if not self._life.crashing:
                await super().stop(ref, 0.0)
            raise
        return ref


@dataclass
class Life:
    """A run from its submission to its end, through any number of schedulers."""

    seed: int
    folder: Path
    random: Random = field(init=False)
    schedulers: int = 0
    crashing: bool = False

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.document = Builder(self.random).pipeline()
        self.fault_rate = self.random.choice([0.0, 0.02, 0.1, 0.3])
        self.fail_rate = self.random.choice([0.0, 0.1, 0.4])
        self.lose_rate = self.random.choice([0.0, 0.0, 0.1])
        self.cancel_at = self.random.random() * 60 if self.random.random() < 0.15 else None
        self.fail_fast = self.random.random() < 0.1
        self.rivals, self.rival = self.random.choice([0, 0, 0, 0, 1, 2]), False
        self.retries = self.random.choice([0, 0, 0, 1])
        self.backend = FakeBackend(self._script, Resources(self.random.choice([1.0, 2.0, 8.0]), 1 << 30, 0))
        self.store = FaultyStore(self.random, self.fault_rate)

    # What each attempt does: drawn by its name, so that it is the same in any order.

    def _drawn(self, task: str, attempt: int) -> Random:
        return Random(f"{self.seed}/{task}/{attempt}")

    def _hangs(self, task: str, attempt: int) -> bool:
        return self._slow(task) and self._drawn(task, attempt).random() < 0.3

    def _slow(self, task: str) -> bool:
        names = task.split("/")
        first = json.loads(self.document.splitlines()[0])
        outcome = first["root"]
        for name in names:
            outcome = outcome["dag"]["tasks"][name.partition("[")[0]]["componentRef"]["name"]
            outcome = (
                first["components"][outcome]
                if outcome.startswith("comp-") and outcome not in ("comp-leaf", "comp-slow")
                else outcome
            )
        return bool(outcome == "comp-slow")

    def _fails(self, task: str, attempt: int) -> bool:
        return self._hangs(task, attempt) or self._drawn(task, attempt + 1000).random() < self.fail_rate

    def _lost(self, task: str, attempt: int) -> bool:
        return not self._hangs(task, attempt) and self._drawn(task, attempt + 2000).random() < self.lose_rate

    def _value(self, task: str) -> int:
        return self._drawn(task, 0).randint(0, 9)

    def _script(self, job: Job) -> FakeRun:
        task, random = job.id.partition("/")[2], self._drawn(job.id, job.attempt + 3000)
        stop_s = random.choice([0.0, 2.0, math.inf])
        updates = (
            ((random.random(), AttemptWaiting("for room")), (1.0 + random.random(), AttemptWaiting("")))
            if self.waits(job)
            else ()
        )
        if self._hangs(task, job.attempt):
            return FakeRun(math.inf, stop_s=stop_s, updates=updates)
        if self._lost(task, job.attempt):
            return FakeRun(random.random() * 5, Exit(-1, "Lost", "gone", lost=True), stop_s=stop_s)
        exit = Exit(1, "Error") if self._fails(task, job.attempt) else Exit(0)
        return FakeRun(random.random() * DEADLINE_S * 0.8, exit, self._write, stop_s, updates=updates)

    def waits(self, job: Job) -> bool:
        """Whether the attempt tells what it waits for."""
        return self._drawn(job.id, job.attempt + 4000).random() < 0.2

    def _write(self, job: Job) -> None:
        job.folder.mkdir(parents=True, exist_ok=True)
        value = {"parameterValues": {"x": self._value(job.id.partition("/")[2])}}
        (job.folder / "executor_output.json").write_text(json.dumps(value))

    def value_of(self, task: str, retries: int) -> int | None:
        """What the reference asks: how the task ends after its retries."""
        attempt = failed = lost = 0
        while True:
            attempt += 1
            if self._lost(task, attempt) and lost < 3:
                lost += 1
            elif self._lost(task, attempt):
                return None
            elif not self._fails(task, attempt):
                return self._value(task)
            elif failed >= retries:
                return None
            else:
                failed += 1

    # The life.

    def live(self) -> None:
        """From beginning to end; raises Fault, or whatever breaks."""
        simulate(self._live())
        self._check()

    async def _live(self) -> None:
        if self.cancel_at is not None:
            asyncio.get_running_loop().call_later(self.cancel_at, self._cancel)
        while True:
            self.schedulers += 1
            if self.schedulers > 200:
                raise Violation("it never ends")
            if self.schedulers > 20:
                self.store._rate = 0.0
            await self._generation()
            ended = self._submitted() and self.store.run(RUN).state.ended
            if ended:
                if not self.retries or (self.store.run(RUN).state is State.SUCCEEDED and self.random.random() < 0.5):
                    break
                self.retries -= 1
                self.store._rate, rate = 0.0, self.store._rate
                self._retry(asyncio.get_running_loop().time())
                self.store._rate = rate
            await asyncio.sleep(self.random.random() * LEASE_S)
        await asyncio.sleep(100)
        if self.backend.running:
            raise Violation(f"left behind: {[job.id for job in self.backend.running]}")

    def _retry(self, at: float) -> None:
        """What did not succeed; or also some tasks, or with a changed pipeline."""
        request = RunRetried()
        if self.random.random() < 0.5:
            named = [row.task for row in self.store.tasks(RUN) if self.random.random() < 0.2]
            request = replace(request, tasks=tuple(named))
        if self.random.random() < 0.5:
            self.store.put_plan("changed", "pipeline", changed(self.document))
            request = replace(request, plan="changed", keep=self.random.random() < 0.3)
        self.store.append([Event(RUN, request, at)])

    def _submitted(self) -> bool:
        return bool(self.store.runs())

    def _cancel(self) -> None:
        rate, self.store._rate = self.store._rate, 0.0
        if self._submitted() and not self.store.run(RUN).state.ended:
            request = RunCancelRequested(kill=self.random.random() < 0.3)
            event = Event(RUN, request, asyncio.get_running_loop().time())
            self.store.append([event])
            for queue in self._request_queues:
                queue.put_nowait(event)
        else:
            self.cancel_at = None
        self.store._rate = rate

    async def _requests(self) -> AsyncIterator[Event]:
        queue: asyncio.Queue[Event] = asyncio.Queue()
        self._request_queues.append(queue)
        while True:
            yield await queue.get()

    async def _generation(self) -> None:
        """One scheduler, until the run ends or the scheduler does."""
        loop = asyncio.get_running_loop()
        self._request_queues: list[asyncio.Queue[Event]] = []
        before = asyncio.all_tasks()
        scheduler = Scheduler(self._deps())
        entered = await scheduler.__aenter__()
        crash = loop.create_future()
        if self.fault_rate and self.random.random() < 0.5:
            loop.call_later(self.random.random() * 60, lambda: crash.done() or crash.set_result(None))
        use = asyncio.ensure_future(self._use(entered))
        work = scheduler._turns_task
        assert work
        ends: set[asyncio.Future[None]] = {use, crash, work}
        if self.rivals:
            self.rivals -= 1
            ends.add(asyncio.ensure_future(self._rival(entered)))
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED, timeout=LONGEST_S)
        if self.rival and use in done and isinstance(use.exception(), LeaseLost):
            done, _ = await asyncio.wait(ends - {use}, return_when=asyncio.FIRST_COMPLETED, timeout=LONGEST_S)
        if not done:
            raise Violation("nothing happens any more, and the run has not ended")
        self.crashing = True
        for task in asyncio.all_tasks() - before - {asyncio.current_task()}:
            task.cancel()
        await asyncio.gather(*(asyncio.all_tasks() - before), return_exceptions=True)
        self.rival = self.crashing = False
        for finished in ends - {crash}:
            self._raise_unexpected(finished)

    def _raise_unexpected(self, task: asyncio.Future[None]) -> None:
        if task.cancelled() or task.exception() is None or isinstance(task.exception(), Crash):
            return
        if isinstance(task.exception(), StoreFull | StoreLocked | LeaseLost):
            return
        error = task.exception()
        assert error
        raise error

    async def _rival(self, first: Scheduler) -> None:
        """The scheduler is held up and renews its leases no more; another one takes its run, and then it goes on."""
        await asyncio.sleep(self.random.random() * 30)
        while not self._submitted():  # noqa: ASYNC110 - simulated time passes at once
            await asyncio.sleep(1)
        await first._ownership.close()
        self.schedulers += 1
        self.rival = True
        second = await Scheduler(self._deps()).__aenter__()
        assert second._turns_task
        use = asyncio.ensure_future(self._use(second))
        await asyncio.wait({use, second._turns_task}, return_when=asyncio.FIRST_COMPLETED)
        for finished in (use, second._turns_task):
            if finished.done():
                finished.result()

    async def _use(self, scheduler: Scheduler) -> None:
        if not self._submitted():
            submission = Submission(
                RUN, "n", "pipeline", "random", self.document, {}, on="fake", fail_fast=self.fail_fast, cache=False
            )
            await scheduler.submit(submission)
        else:
            while not await scheduler.adopt(RUN):
                if self.store.run(RUN).state.ended:
                    return
                await asyncio.sleep(1)
        await scheduler.ended(RUN)

    def _deps(self) -> SchedulerDeps:
        async def inline(function, /, *args):  # type: ignore[no-untyped-def]
            await asyncio.sleep(self.random.random() * 0.01)
            return function(*args)

        loop = asyncio.get_running_loop()
        return SchedulerDeps(
            self.store,
            FileBlobs(str(self.folder / "artifacts")),
            lambda kind, document, parameters, origin: dag.plan(document, parameters, origin),
            lambda on: SlowExecutor(self.backend, self),
            self.folder,
            str(self.folder / "artifacts"),
            f"elsewhere:{self.schedulers}:0:x",
            self._requests,
            lambda on, work: Random(f"{self.seed}/identity").random() < 0.3,
            accepts=no_run,
            clock=loop.time,
            offload=inline,
            transfer=inline,
        )

    # Invariants.

    def check_intent(self, task: str, attempt: int) -> None:
        """What is started was stored as STARTING, and has not been stored as ended."""
        rows = {row.attempt: row for row in self.store.attempts(RUN, task)}
        if attempt not in rows:
            raise Violation(f"{task} starts attempt {attempt}, which the store does not know")
        if rows[attempt].state.ended:
            raise Violation(f"{task} starts attempt {attempt}, which the store says is {rows[attempt].state}")

    def _check(self) -> None:
        state, tasks = self.store.run(RUN).state, {row.task: row for row in self.store.tasks(RUN)}
        for task, row in tasks.items():
            if not row.state.ended:
                raise Violation(f"the run is {state}, and {task} is {row.state}")
        self._check_projection(tasks)
        check_groups(self.store.events(RUN))
        if (
            self.cancel_at is None
            and not self.fail_fast
            and not any(isinstance(e.data, RunRetried) for e in self.store.events(RUN))
        ):
            expected_state, states = expected(self.document, self.value_of)
            outcome = {task: row.state for task, row in tasks.items()}
            if (state, outcome) != (expected_state, states):
                raise Violation(f"expected {expected_state} {states}, found {state} {outcome}")
        repeated = [start for start, n in Counter(self.backend.starts).items() if n > 1]
        if repeated:
            raise Violation(f"started twice: {repeated}")

    def _check_projection(self, tasks: dict[str, object]) -> None:
        """The rows are what the events say, by the machine."""
        records: dict[str, TaskState] = {}
        for event in self.store.events(RUN):
            if event.task:
                records.setdefault(event.task, TaskState()).apply(event)
        stored = {row.task: row.state for row in self.store.tasks(RUN)}
        if stored != {task: record.state for task, record in records.items()}:
            raise Violation("the rows and the events disagree")
