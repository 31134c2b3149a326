"""Where queued tasks wait: first for the cache's answer, then for room on their executor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial

from kflite.core.event import State
from kflite.core.job import Resources
from kflite.errors import ExecutorError, KfliteError
from kflite.executors.base import Executor
from kflite.scheduler.cache import Hits, hits
from kflite.scheduler.capacity import Line
from kflite.scheduler.deps import World
from kflite.scheduler.run import Run
from kflite.store.blobs import artifacts

# A task that asks for no CPU counts as one, unless its run says how many tasks it wants at once.
ONE_CPU = 1.0


@dataclass(frozen=True, slots=True)
class Desk:
    """An executor that is open, and the line before it, which is that of its pool."""

    executor: Executor
    line: Line


class Lobby:
    """All tasks that are queued, by pool. Executors are opened when first needed, and closed with the lobby."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._desks: dict[str, Desk] = {}
        self._lines: dict[str, Line] = {}  # by pool
        self._stack, self._opening = AsyncExitStack(), asyncio.Lock()

    async def close(self) -> None:
        """Leave all executors; what runs on them goes on."""
        await self._stack.aclose()

    async def desk(self, on: str) -> Desk:
        """The executor of this name, opened. Raises ExecutorError, InputError."""
        if on not in self._desks:
            async with self._opening:
                if on not in self._desks:
                    executor = await self._stack.enter_async_context(self._world.executors(on))
                    self._desks[on] = Desk(executor, self._line(executor, on))
        return self._desks[on]

    def _line(self, executor: Executor, on: str) -> Line:
        offer, line = executor.capacity(), self._lines.get(executor.pool)
        if line is None:
            line = self._lines[executor.pool] = Line(offer, on)
        else:
            line.join(on, offer)
        return line

    async def identity(self, run: Run, task: str) -> Mapping[str, str]:
        """What else decides a task's result where it runs; nothing where nobody can be asked, which its start will tell."""
        on, work = run.submission.on, run.tasks[task].work
        if not work or not self._world.identified(on, work):
            return {}
        try:
            executor = (await self.desk(on)).executor
            return await executor.identity(work.job(run.place, task, run.tasks[task].attempts + 1))
        except (KfliteError, OSError):
            return {}

    async def add(self, queued: list[tuple[Run, str]]) -> None:
        """Tell each run what the cache has; put the others in line, or refuse what can never start."""
        found = await self._cached(queued)
        for run, task in queued:
            record = run.tasks[task]
            if record.state is not State.QUEUED:
                continue
            if record.key in found and _may_hit(run, task):
                outputs, row = found[record.key]
                run.tasks.cached(task, outputs, row.run)
            else:
                await self._line_up(run, task)

    async def _cached(self, queued: list[tuple[Run, str]]) -> Hits:
        keys = list(dict.fromkeys(run.tasks[task].key for run, task in queued if _may_hit(run, task)))
        if not keys:
            return {}
        world = self._world
        intact = partial(artifacts.intact, root=world.artifacts)
        return await world.offload(hits, world.store, keys, world.clock(), intact)

    async def _line_up(self, run: Run, task: str) -> None:
        try:
            desk = await self.desk(run.submission.on)
        except ExecutorError as error:
            return run.tasks.refuse(task, error.reason, str(error))
        if why := desk.line.add(run.id, task, request_of(run, task), run.submission.on):
            run.tasks.refuse(task, "NoCapacity", why)
        return None

    def admit(self, runs: Callable[[str], Run | None]) -> Iterator[tuple[Run, str, Executor]]:
        """Those whose turn it is; each is to be started."""

        def room(id: str) -> bool:
            run = runs(id)
            return run is None or not run.submission.parallel or run.tasks.active < run.submission.parallel

        def waits(id: str, task: str) -> bool:
            run = runs(id)
            return run is not None and not run.tasks.held and run.tasks[task].state is State.QUEUED

        for line in self._lines.values():
            for waiting in line.admit(room, waits):
                if run := runs(waiting.run):
                    yield run, waiting.task, self._desks[waiting.on].executor

    def give(self, run: Run, request: Resources) -> None:
        """An attempt has ended."""
        on = run.submission.on
        self._desks[on].line.give(request, on)


def _may_hit(run: Run, task: str) -> bool:
    record = run.tasks[task]
    return (
        bool(record.key) and run.submission.cache and record.attempts == 0 and not record.rerun and record.state is State.QUEUED
    )


def request_of(run: Run, task: str) -> Resources:
    """What an attempt at the task takes from the executor's room."""
    request = run.tasks.work(task).request
    return request if request.cpus or run.submission.parallel else replace(request, cpus=ONE_CPU)
