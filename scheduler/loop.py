"""The loop: it hears what happened, stores, and only then acts. It knows neither pipelines nor processes.

Each turn: messages are applied to their runs, the cache is asked for all queued tasks at once, whoever has room starts; all
events of the turn are one commit; then come the acts. When a commit fails nothing is done: its runs are let go as they stand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Self

from kflite.core.event import Event, RunCancelRequested, State
from kflite.core.job import Exit, Job
from kflite.core.value import NOTHING, Outputs
from kflite.errors import ExecutorError, LeaseLost, StoreError
from kflite.executors.base import Executor
from kflite.scheduler.action import Act, Enqueue, Expire, FetchDigests, Reattach, Stop
from kflite.scheduler.admission import Lobby, request_of
from kflite.scheduler.attempt import Attempt, Attempts
from kflite.scheduler.deps import World
from kflite.scheduler.ownership import Watch
from kflite.scheduler.run import FOUND_S, Run
from kflite.scheduler.staging import Stage
from kflite.scheduler.submission import Submission

# So long it may take until it is stored that a task runs: most have ended by then, and that is stored with it.
SHARED_S = 0.02


@dataclass(frozen=True, slots=True)
class Start:
    """Start the job of an attempt whose intent is stored."""

    task: str
    job: Job
    executor: Executor


class Scheduler:
    """Runs what is submitted, and what dead schedulers left, until it is closed. One for a process, in an async context.

    Leaving the context lets go of what has not ended: its tasks go on, and are found by the next scheduler.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._runs: dict[str, Run] = {}
        self._ends: dict[str, asyncio.Future[State]] = {}
        self._stored: dict[str, asyncio.Future[None]] = {}
        self._messages: list[tuple[Run, Callable[[], None]]] = []
        self._wake, self._adopting = asyncio.Event(), asyncio.Lock()
        self._lobby = Lobby(world)
        self._stage = Stage(world.transfer)
        self._attempts = Attempts(world.transfer, self._stage)
        self._fetches: set[asyncio.Task[None]] = set()
        self._watch = Watch(world, self._hear, self.adopt)
        self._timers: dict[tuple[str, str], asyncio.TimerHandle] = {}
        self._work: asyncio.Task[None] | None = None
        self._soon: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        self._work = asyncio.create_task(self._turns(), name="kflite scheduler")
        self._watch.open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._watch.close()
        if self._work:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        for fetch in self._fetches:
            fetch.cancel()
        await self._attempts.close()
        await self._lobby.close()
        for run, end in self._ends.items():
            if not end.done() or end.exception():
                await self._release(run)

    async def _release(self, run: str) -> None:
        """Others may take the run at once; if the store does not hear of it, when the lease is over."""
        with suppress(StoreError):
            await self._world.offload(self._world.store.release, run, self._world.owner)

    # What users ask.

    async def submit(self, submission: Submission) -> None:
        """Store and begin a run; returns once it is stored. Raises InputError, StoreError."""
        world = self._world
        run = world.run(submission, world.clock())
        await world.offload(world.store.put_plan, submission.digest, submission.kind, submission.document)
        run.begin(world.owner)
        await self._take_up(run)

    async def adopt(self, run: str) -> bool:
        """Take over a run that nobody owns; returns whether it is this scheduler's now. Raises StoreError."""
        world = self._world
        async with self._adopting:  # the watch may come to it at the same time
            if run in self._runs:
                return True
            if not await world.offload(world.store.claim, run, world.owner, world.clock(), world.lease_s):
                return False
            taken, events = await world.offload(world.load, run)
            taken.replay(events, world.owner)
            await self._take_up(taken)
        return True

    async def ended(self, run: str) -> State:
        """Wait for the end of a run of this scheduler. Raises what stopped it: StoreError, LeaseLost."""
        return await asyncio.shield(self._ends[run])

    async def cancel(self, run: str, reason: str = "cancelled", kill: bool = False) -> None:
        """Stop a run of this scheduler; it ends once its tasks have. kill: now, and no exit handler runs."""
        if found := self._runs.get(run):
            self._post(found, lambda: found.cancel(reason, kill))

    def noted(self, job: str, text: str) -> None:
        """An executor tells what a job waits for, "" for nothing any longer."""
        run, _, task = job.partition("/")
        if found := self._runs.get(run):
            self._post(found, lambda: found.noted(task, text))

    async def _take_up(self, run: Run) -> None:
        loop = asyncio.get_running_loop()
        self._runs[run.id], self._ends[run.id] = run, loop.create_future()
        stored = self._stored[run.id] = loop.create_future()
        self._wake.set()
        await stored

    def _hear(self, event: Event) -> None:
        """A request that another process stored."""
        run, asked = self._runs.get(event.run), event.data
        if run and isinstance(asked, RunCancelRequested):
            self._post(run, partial(run.cancel, asked.reason, asked.kill))

    # The turns.

    def _post(self, run: Run, message: Callable[[], None]) -> None:
        """To be applied in the next turn, if the run is still this scheduler's."""
        self._messages.append((run, message))
        self._wake.set()

    def _post_soon(self, run: Run, message: Callable[[], None]) -> None:
        """As `_post`, but the turn may wait for others to share it: nothing follows from the message."""
        self._messages.append((run, message))
        if not self._soon or self._soon.when() < asyncio.get_running_loop().time():
            self._soon = asyncio.get_running_loop().call_later(SHARED_S, self._wake.set)

    async def _turns(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._turn()
            except Exception as error:  # noqa: BLE001 - whoever waits for a run hears of it, also of a bug of ours
                for run in list(self._runs.values()):
                    self._let_go(run, error)

    async def _turn(self) -> None:
        messages, self._messages = self._messages, []
        for run, message in messages:
            if self._runs.get(run.id) is run:
                message()
        events, acts = await self._decide()
        self._world.point("decided")
        await self._commit(events)
        self._world.point("stored")
        for run, act in acts:
            if self._runs.get(run.id) is run:
                await self._act(run, act)
                self._world.point("acted")
        for run in list(self._runs.values()):
            if run.over:  # one that came while this turn was stored may have ended, and is stored in the next
                self._end(run)

    async def _decide(self) -> tuple[list[Event], list[tuple[Run, Act | Start]]]:
        """What follows from what was heard: events to store, and acts to do then."""
        events: list[Event] = []
        acts: list[tuple[Run, Act | Start]] = []
        while queued := self._taken(events, acts):
            await self._lobby.add(queued)
        for run, task, executor in self._lobby.admit(self._runs.get):
            acts.append((run, Start(task, run.start(task, executor.name), executor)))
        self._taken(events, acts)
        return events, acts

    def _taken(self, events: list[Event], acts: list[tuple[Run, Act | Start]]) -> list[tuple[Run, str]]:
        """Move what the runs say to `events` and `acts`; returns the tasks that are queued now."""
        queued = []
        for run in self._runs.values():
            said, asked = run.take()
            events += said
            for act in asked:
                if isinstance(act, Enqueue) and not act.delay_s:
                    queued.append((run, act.task))
                else:
                    acts.append((run, act))
        return queued

    async def _commit(self, events: list[Event]) -> None:
        """Store all at once; where a lease was lost, run by run, so that the others are not held up."""
        if not events:
            return
        try:
            await self._append(events)
        except LeaseLost:
            for run in {e.run: self._runs[e.run] for e in events}.values():
                try:
                    await self._append([e for e in events if e.run == run.id])
                except LeaseLost as error:
                    self._let_go(run, error)
        for id in {e.run for e in events}:
            if (stored := self._stored.pop(id, None)) and not stored.done():
                stored.set_result(None)

    async def _append(self, events: list[Event]) -> None:
        await self._world.offload(self._world.store.append, events, self._world.owner)

    async def _act(self, run: Run, act: Act | Start) -> None:
        match act:
            case Start(task, job, executor):
                self._begin(run, task, job, executor)
            case Reattach(task, ref):
                await self._find(run, task, ref)
            case Enqueue(task, delay_s):
                self._later(run, task, delay_s, partial(run.enqueue, task))
            case Expire(group, at):
                self._later(run, group, at - self._world.clock(), partial(run.time_is_up, group))
            case FetchDigests(task, uris):
                fetch = asyncio.create_task(self._fetch_digests(run, task, uris))
                self._fetches.add(fetch)
                fetch.add_done_callback(self._fetches.discard)
            case Stop(task, grace_s):
                desk = await self._lobby.desk(run.submission.on)
                self._attempts.stop(f"{run.id}/{task}", desk.executor, grace_s)

    async def _fetch_digests(self, run: Run, task: str, uris: frozenset[str]) -> None:
        contents = await self._stage.contents(sorted(uris))
        self._post(run, lambda: run.digests_fetched(task, contents))

    async def _find(self, run: Run, task: str, ref: str) -> None:
        """Wait again for an attempt of a dead scheduler, or start it again where it is not known whether it was."""
        try:
            desk = await self._lobby.desk(run.submission.on)
        except ExecutorError as error:
            lost = Exit(-1, error.reason, str(error))
            return self._post(run, lambda: run.exited(task, lost, NOTHING))
        desk.line.take(request_of(run, task))
        return self._begin(run, task, run.job(task), desk.executor, ref)

    def _begin(self, run: Run, task: str, job: Job, executor: Executor, ref: str | None = None) -> None:
        request = request_of(run, task)

        def exited(exit: Exit, outputs: Outputs) -> None:
            self._lobby.give(run, request)
            self._cancel_timer(run, task)
            self._post(run, lambda: run.exited(task, exit, outputs))

        attempt = Attempt(run.place, task, job, run.work(task), ref)
        self._attempts.begin(attempt, executor, lambda ref: self._post_soon(run, lambda: run.running(task, ref)), exited)
        if job.timeout_s:
            left = (
                job.timeout_s if not ref else max(FOUND_S, (run.tasks[task].started or 0.0) + job.timeout_s - self._world.clock())
            )
            self._later(run, task, left, lambda: run.expired(task, job.attempt))

    # Time.

    def _later(self, run: Run, task: str, delay_s: float, message: Callable[[], None]) -> None:
        handle = asyncio.get_running_loop().call_later(delay_s, self._post, run, message)
        self._timers[run.id, task] = handle

    def _cancel_timer(self, run: Run, task: str) -> None:
        if handle := self._timers.pop((run.id, task), None):
            handle.cancel()

    # The end.

    def _end(self, run: Run) -> None:
        assert run.state
        self._ends[run.id].set_result(run.state)
        self._forget(run)

    def _let_go(self, run: Run, error: Exception) -> None:
        """Somebody else owns the run, or the store does not take its events: it stays as it is stored, and its tasks go on."""
        self._ends[run.id].set_exception(error)
        self._ends[run.id].exception()
        if (stored := self._stored.pop(run.id, None)) and not stored.done():
            stored.set_exception(error)
        self._attempts.drop(run.id)
        self._forget(run)

    def _forget(self, run: Run) -> None:
        del self._runs[run.id]
        for id, task in [t for t in self._timers if t[0] == run.id]:
            self._timers.pop((id, task)).cancel()
