"""The loop: it collects what happened, stores it, and only then acts. It knows neither pipelines nor processes.

In each turn it applies messages to their runs, asks the cache for all queued tasks at once, starts what has room, stores
all events in one commit, and then performs the actions. When a commit fails, nothing is done and its runs are abandoned.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from functools import partial
from types import MappingProxyType
from typing import Self

from kflite.core import plan
from kflite.core.event import Event, Point
from kflite.core.event_kind import State
from kflite.core.job import Exit, Job
from kflite.core.value import NOTHING, Outputs, Value
from kflite.errors import ExecutorError, LeaseLost, StoreError
from kflite.executors.base import Executor
from kflite.scheduler.action import Action, AnswerQuestion, Enqueue, Expire, FetchDigests, Reattach, StopAttempt
from kflite.scheduler.admission import Admission, request_of
from kflite.scheduler.attempt import Attempt, AttemptListener, Attempts, PointReader
from kflite.scheduler.deadlines import REATTACHED_GRACE_S
from kflite.scheduler.deps import SchedulerDeps
from kflite.scheduler.ownership import Ownership
from kflite.scheduler.run import ActiveRun
from kflite.scheduler.staging import Staging
from kflite.scheduler.submission import Submission
from kflite.scheduler.turn import StartAttempt, Turn

# Storing that a task runs may wait so long: most tasks have ended by then, and one commit stores both.
BATCH_S = 0.02
NO_POINTS: Mapping[int, int] = MappingProxyType({})


class Scheduler:
    """Runs what is submitted, and what dead schedulers left, until it is closed. A process has one, as an async context.

    Leaving the context abandons runs that have not ended: their tasks go on, and the next scheduler reattaches them.
    """

    def __init__(self, deps: SchedulerDeps) -> None:
        self._deps = deps
        self._runs: dict[str, ActiveRun] = {}
        self._ends: dict[str, asyncio.Future[State]] = {}
        self._stored: dict[str, asyncio.Future[None]] = {}
        self._messages: list[tuple[ActiveRun, Callable[[], None]]] = []
        self._point_messages: list[tuple[ActiveRun, Callable[[], None]]] = []  # applied before messages
        self._wake, self._adopting = asyncio.Event(), asyncio.Lock()
        self._admission = Admission(deps)
        self._staging = Staging(deps.transfer, deps.blobs)
        self._attempts = Attempts(deps.offload, deps.transfer, self._staging)
        self._background: set[asyncio.Task[None]] = set()
        self._ownership = Ownership(deps, self._pass_request, self.adopt)
        self._timers: dict[tuple[str, str], asyncio.TimerHandle] = {}
        self._turns_task: asyncio.Task[None] | None = None
        self._batch_timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        self._turns_task = asyncio.create_task(self._turns(), name="kflite scheduler")
        self._ownership.open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._ownership.close()
        if self._turns_task:
            self._turns_task.cancel()
            await asyncio.gather(self._turns_task, return_exceptions=True)
        for task in self._background:
            task.cancel()
        await self._attempts.close()
        await self._admission.close()
        for run, end in self._ends.items():
            if not end.done() or end.exception():
                await self._release(run)

    async def _release(self, run: str) -> None:
        """Let others take the run at once; if the store cannot be reached, they can when the lease ends."""
        with suppress(StoreError):
            await self._deps.offload(self._deps.store.release_lease, run, self._deps.owner)

    # Requests.

    async def submit(self, submission: Submission) -> None:
        """Store and begin a run. Raises InputError, StoreError."""
        deps = self._deps
        run = deps.run(submission, deps.clock())
        await deps.offload(deps.store.put_plan, submission.digest, submission.kind, submission.document)
        run.begin(deps.owner)
        await self._start(run)

    async def adopt(self, run: str) -> bool:
        """Adopt a run without an owner; returns whether this scheduler owns it now. Raises StoreError."""
        deps = self._deps
        async with self._adopting:  # Ownership may adopt it at the same time
            if run in self._runs:
                return True
            if not await deps.offload(deps.store.acquire_lease, run, deps.owner, deps.clock(), deps.lease_s):
                return False
            active, points = await deps.offload(deps.load, run)
            active.replay(deps.owner, points)
            await self._start(active)
        return True

    async def ended(self, run: str) -> State:
        """Wait for a run of this scheduler to end. Raises StoreError, LeaseLost where it was abandoned."""
        return await asyncio.shield(self._ends[run])

    async def cancel(self, run: str, reason: str = "cancelled", kill: bool = False) -> None:
        """Stop a run of this scheduler; it ends after its tasks. kill: without grace and without exit handlers."""
        if active := self._runs.get(run):
            self._post(active, lambda: active.cancel(reason, kill))

    async def _start(self, run: ActiveRun) -> None:
        loop = asyncio.get_running_loop()
        self._runs[run.id], self._ends[run.id] = run, loop.create_future()
        stored = self._stored[run.id] = loop.create_future()
        self._wake.set()
        await stored

    def _pass_request(self, event: Event) -> None:
        """Apply a request that another process stored."""
        if run := self._runs.get(event.run):
            self._post(run, lambda: run.request(event.data))

    # Turns.

    def _post(self, run: ActiveRun, message: Callable[[], None]) -> None:
        """Apply the message in the next turn, if the run is still this scheduler's."""
        self._messages.append((run, message))
        self._wake.set()

    def _post_batched(self, run: ActiveRun, message: Callable[[], None]) -> None:
        """As `_post`, but the turn may wait for more messages, as nothing follows from this one."""
        self._messages.append((run, message))
        if not self._batch_timer or self._batch_timer.when() < asyncio.get_running_loop().time():
            self._batch_timer = asyncio.get_running_loop().call_later(BATCH_S, self._wake.set)

    async def _turns(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._turn()
            except Exception as error:  # noqa: BLE001 - whoever waits for a run hears of our bugs as well
                for run in list(self._runs.values()):
                    self._abandon(run, error)

    async def _turn(self) -> None:
        point_messages, self._point_messages, messages, self._messages = self._point_messages, [], self._messages, []
        for run, message in (*point_messages, *messages):
            if self._runs.get(run.id) is run:
                message()
        turn = await self._decide()
        self._deps.failpoint("decided")
        await self._commit(turn)
        self._deps.failpoint("stored")
        for run, action in turn.actions:
            if self._runs.get(run.id) is run:
                await self._act(run, action)
                self._deps.failpoint("acted")
        for run in list(self._runs.values()):
            if run.over:  # an end that came while this turn was stored is stored in the next one
                await self._end(run)

    async def _decide(self) -> Turn:
        """The events to store, and the actions that follow."""
        turn = Turn()
        while queued := turn.take(self._runs.values()):
            await self._admission.add(queued)
        for run, task, executor in self._admission.admit(self._runs.get):
            run.tasks.start(task, executor.name)
            turn.actions.append((run, StartAttempt(task, run.job(task), executor)))
        turn.take(self._runs.values())
        return turn

    async def _commit(self, turn: Turn) -> None:
        """Store everything in one commit; where a lease was lost, run by run, so that other runs go on."""
        if not turn.events and not turn.points:
            return
        try:
            await self._append(turn.events, turn.points)
        except LeaseLost:
            for run in (self._runs[id] for id in turn.runs):
                try:
                    await self._append(*turn.of(run.id))
                except LeaseLost as error:
                    self._abandon(run, error)
        for id in turn.runs:
            if (stored := self._stored.pop(id, None)) and not stored.done():
                stored.set_result(None)
        self._post_points(turn)

    def _post_points(self, turn: Turn) -> None:
        """Let plans hear stored points before anything else, in the order that recovery will repeat."""
        for id in turn.runs:
            if (run := self._runs.get(id)) and (points := turn.watched(run)):
                self._point_messages.append((run, partial(run.hear, points)))
                self._wake.set()

    async def _append(self, events: list[Event], points: list[Point]) -> None:
        await self._deps.offload(self._deps.store.append, events, self._deps.owner, points)

    async def _act(self, run: ActiveRun, action: Action | StartAttempt) -> None:
        match action:
            case StartAttempt(task, job, executor):
                self._begin(run, task, job, executor)
            case Reattach(task, ref):
                await self._reattach(run, task, ref)
            case Enqueue(task, delay_s):
                self._post_later(run, task, delay_s, partial(run.tasks.enqueue, task))
            case Expire(group, at):
                self._post_later(run, group, at - self._deps.clock(), partial(run.expire, group))
            case FetchDigests(task, uris):
                self._run_in_background(self._fetch_digests(run, task, uris))
            case AnswerQuestion(id, question):
                self._run_in_background(self._answer(run, id, question))
            case StopAttempt(task, grace_s):
                executor_queue = await self._admission.queue_of(run.submission.on)
                self._attempts.stop(f"{run.id}/{task}", executor_queue.executor, grace_s)

    def _run_in_background(self, work: Coroutine[object, object, None]) -> None:
        """Run a coroutine while turns go on."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _answer(self, run: ActiveRun, id: str, question: Callable[[], Value]) -> None:
        try:
            answer = plan.Answer(await self._deps.transfer(question))
        except Exception as error:  # noqa: BLE001 - the plan hears the error and decides what it means
            answer = plan.Answer(error=f"{type(error).__name__}: {error}")
        self._post(run, lambda: run.answered(id, answer))

    async def _fetch_digests(self, run: ActiveRun, task: str, uris: frozenset[str]) -> None:
        contents = await self._staging.contents(sorted(uris))
        identity = await self._admission.identity(run, task)
        self._post(run, lambda: run.tasks.digests_fetched(task, contents, identity))

    async def _reattach(self, run: ActiveRun, task: str, ref: str) -> None:
        """Follow an attempt of a dead scheduler; start it again where its ref was not stored."""
        try:
            executor_queue = await self._admission.queue_of(run.submission.on)
        except ExecutorError as error:
            exit = Exit(-1, error.reason, str(error))
            return self._post(run, lambda: run.exited(task, exit, NOTHING))
        executor_queue.queue.take(request_of(run, task), run.submission.on)
        job = run.job(task)
        stored = await self._deps.offload(self._deps.store.point_counts, run.id, task, job.attempt)
        return self._begin(run, task, job, executor_queue.executor, ref, stored)

    def _begin(
        self,
        run: ActiveRun,
        task: str,
        job: Job,
        executor: Executor,
        ref: str | None = None,
        stored: Mapping[int, int] = NO_POINTS,
    ) -> None:
        request, points = request_of(run, task), PointReader(run.id, task, job, stored)
        grace_s = 0.0 if ref is None else REATTACHED_GRACE_S

        def exited(exit: Exit, outputs: Outputs) -> None:
            self._admission.give(run, request)
            self._cancel_timer(run, task)
            self._post(run, lambda: run.exited(task, exit, outputs))

        attempt = Attempt(run.paths, task, job, run.tasks.work(task), ref)
        listener = AttemptListener(
            started=lambda ref: self._post_batched(run, lambda: run.tasks.running(task, ref)),
            waiting=lambda message: self._post(run, lambda: run.tasks.waiting(task, message)),
            serving=lambda update: self._post(run, lambda: run.tasks.serving(task, update.addresses)),
            points=lambda update: self._post(run, lambda: run.add_points(points.read(update))),
            exited=exited,
        )
        self._attempts.begin(attempt, executor, listener)
        if job.timeout_s:
            began = run.tasks[task].started if ref else None
            left_s = (began + job.timeout_s - self._deps.clock()) if began else job.timeout_s
            self._post_later(run, task, max(grace_s, left_s), lambda: run.tasks.expired(task, job.attempt))

    # Time.

    def _post_later(self, run: ActiveRun, task: str, delay_s: float, message: Callable[[], None]) -> None:
        handle = asyncio.get_running_loop().call_later(delay_s, self._post, run, message)
        self._timers[run.id, task] = handle

    def _cancel_timer(self, run: ActiveRun, task: str) -> None:
        if handle := self._timers.pop((run.id, task), None):
            handle.cancel()

    # Ends.

    async def _end(self, run: ActiveRun) -> None:
        assert run.state
        self._ends[run.id].set_result(run.state)
        self._forget(run)
        if run.state is State.SUSPENDED:
            await self._release(run.id)

    def _abandon(self, run: ActiveRun, error: Exception) -> None:
        """Give up a run that another scheduler owns or whose events cannot be stored. It stays as stored, and its tasks go on."""
        self._ends[run.id].set_exception(error)
        self._ends[run.id].exception()
        if (stored := self._stored.pop(run.id, None)) and not stored.done():
            stored.set_exception(error)
        self._attempts.drop(run.id)
        self._forget(run)

    def _forget(self, run: ActiveRun) -> None:
        del self._runs[run.id]
        for id, task in [t for t in self._timers if t[0] == run.id]:
            self._timers.pop((id, task)).cancel()
