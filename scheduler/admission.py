"""Queued tasks wait here: first for the cache's answer, then for room on their executor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace

from kflite.core.event_kind import State
from kflite.core.frozen import dataclass
from kflite.core.job import Resources
from kflite.errors import ExecutorError, KfliteError
from kflite.executors.base import Executor
from kflite.scheduler.cache import Hits, hits
from kflite.scheduler.capacity import Queue
from kflite.scheduler.deps import SchedulerDeps
from kflite.scheduler.run import ActiveRun

# A task that asks for no CPU counts as one, unless its run says how many tasks it wants at once.
ONE_CPU = 1.0


@dataclass(frozen=True, slots=True)
class ExecutorQueue:
    """An open executor, and the queue of its pool."""

    executor: Executor
    queue: Queue


class Admission:
    """All queued tasks, by pool. Executors are opened when first needed, and closed by `close`."""

    def __init__(self, deps: SchedulerDeps) -> None:
        self._deps = deps
        self._queues: dict[str, ExecutorQueue] = {}
        self._pools: dict[str, Queue] = {}
        self._stack, self._opening = AsyncExitStack(), asyncio.Lock()

    async def close(self) -> None:
        """Close all executors; what runs on them goes on."""
        await self._stack.aclose()

    async def queue_of(self, on: str) -> ExecutorQueue:
        """The executor of this name, opened. Raises ExecutorError, InputError."""
        if on not in self._queues:
            async with self._opening:
                if on not in self._queues:
                    executor = await self._stack.enter_async_context(self._deps.executors(on))
                    self._queues[on] = ExecutorQueue(executor, self._queue_of(executor, on))
        return self._queues[on]

    def _queue_of(self, executor: Executor, on: str) -> Queue:
        offer, queue = executor.capacity(), self._pools.get(executor.pool)
        if queue is None:
            queue = self._pools[executor.pool] = Queue(offer, on)
        else:
            queue.join(on, offer)
        return queue

    async def identity(self, run: ActiveRun, task: str) -> Mapping[str, str]:
        """What else decides a task's result where it runs; empty where the executor cannot be asked: the start will then fail."""
        on, work = run.submission.on, run.tasks[task].work
        if not work or not self._deps.has_identity(on, work):
            return {}
        try:
            executor = (await self.queue_of(on)).executor
            return await executor.identity(work.job(run.paths, task, run.tasks[task].attempts + 1))
        except (KfliteError, OSError):
            return {}

    async def add(self, queued: list[tuple[ActiveRun, str]]) -> None:
        """Answer tasks from the cache; queue the others, or refuse those that can never start."""
        results = await self._cached(queued)
        for run, task in queued:
            record = run.tasks[task]
            if record.state is not State.QUEUED:
                continue
            if record.key in results and _may_hit(run, task):
                outputs, row = results[record.key]
                run.tasks.cached(task, outputs, row.run)
            else:
                await self._enqueue(run, task)

    async def _cached(self, queued: list[tuple[ActiveRun, str]]) -> Hits:
        keys = list(dict.fromkeys(run.tasks[task].key for run, task in queued if _may_hit(run, task)))
        if not keys:
            return {}
        deps = self._deps
        return await deps.offload(hits, deps.store, keys, deps.clock(), deps.blobs.intact)

    async def _enqueue(self, run: ActiveRun, task: str) -> None:
        try:
            executor_queue = await self.queue_of(run.submission.on)
        except ExecutorError as error:
            return run.tasks.refuse(task, error.reason, str(error))
        if refusal := executor_queue.queue.add(run.id, task, request_of(run, task), run.submission.on):
            run.tasks.refuse(task, "NoCapacity", refusal)
        return None

    def admit(self, runs: Callable[[str], ActiveRun | None]) -> Iterator[tuple[ActiveRun, str, Executor]]:
        """The tasks whose turn it is, with their executor."""

        def has_room(id: str) -> bool:
            run = runs(id)
            return run is None or not run.submission.parallel or run.tasks.active < run.submission.parallel

        def still_waits(id: str, task: str) -> bool:
            run = runs(id)
            return run is not None and not run.tasks.paused and run.tasks[task].state is State.QUEUED

        for queue in self._pools.values():
            for waiting in queue.admit(has_room, still_waits):
                if run := runs(waiting.run):
                    yield run, waiting.task, self._queues[waiting.on].executor

    def give(self, run: ActiveRun, request: Resources) -> None:
        """An attempt has ended."""
        on = run.submission.on
        self._queues[on].queue.give(request, on)


def _may_hit(run: ActiveRun, task: str) -> bool:
    record = run.tasks[task]
    return (
        bool(record.key) and run.submission.cache and record.attempts == 0 and not record.rerun and record.state is State.QUEUED
    )


def request_of(run: ActiveRun, task: str) -> Resources:
    """The resources that an attempt takes from its executor."""
    request = run.tasks.work(task).request
    return request if request.cpus or run.submission.parallel else replace(request, cpus=ONE_CPU)
