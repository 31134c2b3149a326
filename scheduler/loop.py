"""The loop: it hears what happened, stores, and only then acts. It knows neither pipelines nor processes.

Each turn: messages are applied to their runs, the cache is asked for all queued tasks at once, whoever has room starts; all
events of the turn are one commit; then come the acts. When a commit fails nothing is done: its runs are let go as they stand.
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
from kflite.scheduler.deadlines import FOUND_S
from kflite.scheduler.deps import SchedulerDeps
from kflite.scheduler.ownership import Ownership
from kflite.scheduler.run import ActiveRun
from kflite.scheduler.staging import Staging
from kflite.scheduler.submission import Submission
from kflite.scheduler.turn import StartAttempt, Turn

# So long it may take until it is stored that a task runs: most have ended by then, and that is stored with it.
SHARED_S = 0.02
NONE: Mapping[int, int] = MappingProxyType({})


class Scheduler:
    """Runs what is submitted, and what dead schedulers left, until it is closed. One for a process, in an async context.

    Leaving the context lets go of what has not ended: its tasks go on, and are found by the next scheduler.
    """

    def __init__(self, deps: SchedulerDeps) -> None:
        self._deps = deps
        self._runs: dict[str, ActiveRun] = {}
        self._ends: dict[str, asyncio.Future[State]] = {}
        self._stored: dict[str, asyncio.Future[None]] = {}
        self._messages: list[tuple[ActiveRun, Callable[[], None]]] = []
        self._heard: list[tuple[ActiveRun, Callable[[], None]]] = []  # of points, which come before messages
        self._wake, self._adopting = asyncio.Event(), asyncio.Lock()
        self._admission = Admission(deps)
        self._staging = Staging(deps.transfer, deps.blobs)
        self._attempts = Attempts(deps.transfer, self._staging)
        self._besides: set[asyncio.Task[None]] = set()  # what is found out beside the turns
        self._ownership = Ownership(deps, self._hear, self.adopt)
        self._timers: dict[tuple[str, str], asyncio.TimerHandle] = {}
        self._work: asyncio.Task[None] | None = None
        self._soon: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        self._work = asyncio.create_task(self._turns(), name="kflite scheduler")
        self._ownership.open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._ownership.close()
        if self._work:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        for task in self._besides:
            task.cancel()
        await self._attempts.close()
        await self._admission.close()
        for run, end in self._ends.items():
            if not end.done() or end.exception():
                await self._release(run)

    async def _release(self, run: str) -> None:
        """Others may take the run at once; if the store does not hear of it, when the lease is over."""
        with suppress(StoreError):
            await self._deps.offload(self._deps.store.release, run, self._deps.owner)

    # What users ask.

    async def submit(self, submission: Submission) -> None:
        """Store and begin a run; returns once it is stored. Raises InputError, StoreError."""
        deps = self._deps
        run = deps.run(submission, deps.clock())
        await deps.offload(deps.store.put_plan, submission.digest, submission.kind, submission.document)
        run.begin(deps.owner)
        await self._take_up(run)

    async def adopt(self, run: str) -> bool:
        """Take over a run that nobody owns; returns whether it is this scheduler's now. Raises StoreError."""
        deps = self._deps
        async with self._adopting:  # the watch may come to it at the same time
            if run in self._runs:
                return True
            if not await deps.offload(deps.store.claim, run, deps.owner, deps.clock(), deps.lease_s):
                return False
            taken, points = await deps.offload(deps.load, run)
            taken.replay(deps.owner, points)
            await self._take_up(taken)
        return True

    async def ended(self, run: str) -> State:
        """Wait for the end of a run of this scheduler. Raises what stopped it: StoreError, LeaseLost."""
        return await asyncio.shield(self._ends[run])

    async def cancel(self, run: str, reason: str = "cancelled", kill: bool = False) -> None:
        """Stop a run of this scheduler; it ends once its tasks have. kill: now, and no exit handler runs."""
        if found := self._runs.get(run):
            self._post(found, lambda: found.cancel(reason, kill))

    async def _take_up(self, run: ActiveRun) -> None:
        loop = asyncio.get_running_loop()
        self._runs[run.id], self._ends[run.id] = run, loop.create_future()
        stored = self._stored[run.id] = loop.create_future()
        self._wake.set()
        await stored

    def _hear(self, event: Event) -> None:
        """A request that another process stored."""
        if run := self._runs.get(event.run):
            self._post(run, lambda: run.request(event.data))

    # The turns.

    def _post(self, run: ActiveRun, message: Callable[[], None]) -> None:
        """To be applied in the next turn, if the run is still this scheduler's."""
        self._messages.append((run, message))
        self._wake.set()

    def _post_soon(self, run: ActiveRun, message: Callable[[], None]) -> None:
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
        heard, self._heard, messages, self._messages = self._heard, [], self._messages, []
        for run, message in (*heard, *messages):
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
            if run.over:  # one that came while this turn was stored may have ended, and is stored in the next
                await self._end(run)

    async def _decide(self) -> Turn:
        """What follows from what was heard: events to store, and actions to do then."""
        turn = Turn()
        while queued := turn.take(self._runs.values()):
            await self._admission.add(queued)
        for run, task, executor in self._admission.admit(self._runs.get):
            run.tasks.start(task, executor.name)
            turn.actions.append((run, StartAttempt(task, run.job(task), executor)))
        turn.take(self._runs.values())
        return turn

    async def _commit(self, turn: Turn) -> None:
        """Store all at once; where a lease was lost, run by run, so that the others are not held up."""
        if not turn.events and not turn.points:
            return
        try:
            await self._append(turn.events, turn.points)
        except LeaseLost:
            for run in (self._runs[id] for id in turn.runs):
                try:
                    await self._append(*turn.of(run.id))
                except LeaseLost as error:
                    self._let_go(run, error)
        for id in turn.runs:
            if (stored := self._stored.pop(id, None)) and not stored.done():
                stored.set_result(None)
        self._tell_points(turn)

    def _tell_points(self, turn: Turn) -> None:
        """Plans hear of points once these are stored, and before anything else, as they will when they are recovered."""
        for id in turn.runs:
            if (run := self._runs.get(id)) and (points := turn.watched(run)):
                self._heard.append((run, partial(run.hear, points)))
                self._wake.set()

    async def _append(self, events: list[Event], points: list[Point]) -> None:
        await self._deps.offload(self._deps.store.append, events, self._deps.owner, points)

    async def _act(self, run: ActiveRun, action: Action | StartAttempt) -> None:
        match action:
            case StartAttempt(task, job, executor):
                self._begin(run, task, job, executor)
            case Reattach(task, ref):
                await self._find(run, task, ref)
            case Enqueue(task, delay_s):
                self._later(run, task, delay_s, partial(run.tasks.enqueue, task))
            case Expire(group, at):
                self._later(run, group, at - self._deps.clock(), partial(run.time_is_up, group))
            case FetchDigests(task, uris):
                self._beside(self._fetch_digests(run, task, uris))
            case AnswerQuestion(id, question):
                self._beside(self._answer(run, id, question))
            case StopAttempt(task, grace_s):
                opened = await self._admission.queue_of(run.submission.on)
                self._attempts.stop(f"{run.id}/{task}", opened.executor, grace_s)

    def _beside(self, work: Coroutine[object, object, None]) -> None:
        """Find something out while the turns go on."""
        task = asyncio.create_task(work)
        self._besides.add(task)
        task.add_done_callback(self._besides.discard)

    async def _answer(self, run: ActiveRun, id: str, question: Callable[[], Value]) -> None:
        try:
            answer = plan.Answer(await self._deps.transfer(question))
        except Exception as error:  # noqa: BLE001 - the plan hears of it, and decides what that means
            answer = plan.Answer(error=f"{type(error).__name__}: {error}")
        self._post(run, lambda: run.answered(id, answer))

    async def _fetch_digests(self, run: ActiveRun, task: str, uris: frozenset[str]) -> None:
        contents = await self._staging.contents(sorted(uris))
        identity = await self._admission.identity(run, task)
        self._post(run, lambda: run.tasks.digests_fetched(task, contents, identity))

    async def _find(self, run: ActiveRun, task: str, ref: str) -> None:
        """Wait again for an attempt of a dead scheduler, or start it again where it is not known whether it was."""
        try:
            opened = await self._admission.queue_of(run.submission.on)
        except ExecutorError as error:
            lost = Exit(-1, error.reason, str(error))
            return self._post(run, lambda: run.exited(task, lost, NOTHING))
        opened.queue.take(request_of(run, task), run.submission.on)
        job = run.job(task)
        stored = await self._deps.offload(self._deps.store.point_counts, run.id, task, job.attempt)
        return self._begin(run, task, job, opened.executor, ref, stored)

    def _begin(
        self, run: ActiveRun, task: str, job: Job, executor: Executor, ref: str | None = None, stored: Mapping[int, int] = NONE
    ) -> None:
        request, points = request_of(run, task), PointReader(run.id, task, job, stored)
        found_s = 0.0 if ref is None else FOUND_S

        def exited(exit: Exit, outputs: Outputs) -> None:
            self._admission.give(run, request)
            self._cancel_timer(run, task)
            self._post(run, lambda: run.exited(task, exit, outputs))

        attempt = Attempt(run.place, task, job, run.tasks.work(task), ref)
        listener = AttemptListener(
            started=lambda ref: self._post_soon(run, lambda: run.tasks.running(task, ref)),
            waiting=lambda message: self._post(run, lambda: run.tasks.waiting(task, message)),
            serving=lambda update: self._post(run, lambda: run.tasks.serving(task, update.addresses)),
            points=lambda update: self._post(run, lambda: run.measured(points.read(update))),
            exited=exited,
        )
        self._attempts.begin(attempt, executor, listener)
        if job.timeout_s:
            began = run.tasks[task].started if ref else None
            left_s = (began + job.timeout_s - self._deps.clock()) if began else job.timeout_s
            self._later(run, task, max(found_s, left_s), lambda: run.tasks.expired(task, job.attempt))

    # Time.

    def _later(self, run: ActiveRun, task: str, delay_s: float, message: Callable[[], None]) -> None:
        handle = asyncio.get_running_loop().call_later(delay_s, self._post, run, message)
        self._timers[run.id, task] = handle

    def _cancel_timer(self, run: ActiveRun, task: str) -> None:
        if handle := self._timers.pop((run.id, task), None):
            handle.cancel()

    # The end.

    async def _end(self, run: ActiveRun) -> None:
        assert run.state
        self._ends[run.id].set_result(run.state)
        self._forget(run)
        if run.state is State.SUSPENDED:
            await self._release(run.id)

    def _let_go(self, run: ActiveRun, error: Exception) -> None:
        """Somebody else owns the run, or the store does not take its events: it stays as it is stored, and its tasks go on."""
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
