"""Attempts: each is started (or found), waited for, and its outputs read; the only place where a run waits for an executor."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kflite.core.event import Point
from kflite.core.job import AttemptWaiting, Exit, Job, Readings, Serving
from kflite.core.paths import RunPaths
from kflite.core.plan import Work
from kflite.core.value import NOTHING, Outputs
from kflite.errors import ExecutorError, KfliteError, NotFound
from kflite.executors.base import Executor
from kflite.scheduler.publish import keep, keep_logs

if TYPE_CHECKING:
    from kflite.scheduler.deps import Offload
    from kflite.scheduler.staging import Staging

# A start that takes longer is given up when its attempt is to stop.
START_S = 1.0
# So long it may take to find what a dead scheduler started, which would live on if that were given up.
FIND_S = 5.0
_ERRNO = {errno.ENOSPC: "DiskFull", errno.EDQUOT: "DiskFull", errno.E2BIG: "ArgumentTooLong", errno.EACCES: "NoPermission"}


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is started: the job, and the work that reads its outputs.

    ref: of an attempt that was found, "" for one that a dead scheduler may have started, None for a new one.
    """

    place: RunPaths
    task: str
    job: Job
    work: Work
    ref: str | None = None


def _unheard(update: Serving | Readings) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class AttemptListener:
    """Told of an attempt, in the loop, in the order in which things happen.

    started: its ref; waiting: what it waits for, "" for nothing any longer; exited: its end, the last that is told.
    """

    started: Callable[[str], None]
    waiting: Callable[[str], None]
    exited: Callable[[Exit, Outputs], None]
    serving: Callable[[Serving], None] = _unheard
    points: Callable[[Readings], None] = _unheard

    def hear(self, update: AttemptWaiting | Serving | Readings) -> None:
        """What the executor tells before the end."""
        match update:
            case AttemptWaiting(message):
                self.waiting(message)
            case Serving():
                self.serving(update)
            case Readings():
                self.points(update)


class Attempts:
    """All attempts that are under way."""

    def __init__(self, transfer: Offload, stage: Staging) -> None:
        self._transfer, self._staging = transfer, stage
        self._going: dict[str, asyncio.Task[None]] = {}
        self._refs: dict[str, asyncio.Future[str]] = {}
        self._found: set[str] = set()
        self._given_up: set[str] = set()
        self._others: set[asyncio.Task[None]] = set()

    def begin(self, attempt: Attempt, executor: Executor, listener: AttemptListener) -> None:
        """Start or find the attempt, and follow it to its end."""
        id = attempt.job.id
        if attempt.ref == "":
            self._found.add(id)
        ref = self._refs[id] = asyncio.get_running_loop().create_future()
        self._going[id] = asyncio.create_task(self._go(attempt, executor, ref, listener))

    async def _go(self, attempt: Attempt, executor: Executor, ref: asyncio.Future[str], listener: AttemptListener) -> None:
        exit, outputs = await self._run(attempt, executor, ref, listener)
        self._going.pop(attempt.job.id, None)
        self._refs.pop(attempt.job.id, None)
        for those in (self._found, self._given_up):
            those.discard(attempt.job.id)
        ref.cancel()
        listener.exited(exit, outputs)

    async def _run(
        self, attempt: Attempt, executor: Executor, ref: asyncio.Future[str], listener: AttemptListener
    ) -> tuple[Exit, Outputs]:
        try:
            known = attempt.ref or await self._start(attempt, executor, listener)
            if ref.cancelled():  # the run was let go meanwhile
                raise asyncio.CancelledError
            ref.set_result(known)
            listener.started(known)
            exit = await _followed(executor, known, listener)
            if attempt.place.remote:
                await self._transfer(keep_logs, attempt, self._staging.blobs)
            return await self._collect(attempt, exit)
        except ExecutorError as error:
            return Exit(1, error.reason, str(error)), NOTHING
        except NotFound as error:
            return Exit(1, "InputGone", str(error)), NOTHING
        except KfliteError as error:
            return Exit(1, "StagingFailed", str(error)), NOTHING
        except OSError as error:
            return Exit(1, _ERRNO.get(error.errno or 0, "SystemError"), str(error)), NOTHING
        except asyncio.CancelledError:
            if attempt.job.id not in self._given_up:
                raise
            return Exit(-1, "Stopped", "stopped before it had started"), NOTHING
        except Exception as error:  # noqa: BLE001 - a bug of an executor ends its attempt with its name, and hangs nothing
            return Exit(1, "InternalError", f"{type(error).__name__}: {error}"), NOTHING

    async def _start(self, attempt: Attempt, executor: Executor, listener: AttemptListener) -> str:
        if attempt.job.workspace:
            attempt.job.workspace.mkdir(0o700, parents=True, exist_ok=True)
        if ours := tuple((uri, path) for uri, path in attempt.job.fetch if uri.partition("://")[0] not in executor.stages):
            await self._staging.bring(replace(attempt.job, fetch=ours), attempt.place, attempt.work.artifacts)
        return await executor.start(attempt.job, listener.waiting)

    async def _collect(self, attempt: Attempt, exit: Exit) -> tuple[Exit, Outputs]:
        exit, outputs = attempt.work.collect(attempt.place, attempt.task, attempt.job.attempt, exit)
        if exit.code or not outputs.artifacts:
            return exit, outputs
        return exit, await self._transfer(keep, attempt, outputs, self._staging.blobs)

    def stop(self, job: str, executor: Executor, grace_s: float) -> None:
        """End an attempt, also one whose start does not come to its end: an image is pulled, packages are installed."""
        if ref := self._refs.get(job):
            self._loose(asyncio.create_task(self._stop(job, ref, executor, grace_s)))

    def _loose(self, task: asyncio.Task[None]) -> None:
        self._others.add(task)
        task.add_done_callback(self._others.discard)

    async def _stop(self, job: str, ref: asyncio.Future[str], executor: Executor, grace_s: float) -> None:
        await asyncio.wait({ref}, timeout=max(grace_s, FIND_S) if job in self._found else START_S)
        if not ref.done():
            self._given_up.add(job)
            self._going[job].cancel()
        elif not ref.cancelled():
            await executor.stop(ref.result(), grace_s)

    def drop(self, run: str) -> None:
        """Wait for the run's attempts no longer; they go on, and those that start come to have started."""
        for job in [j for j in self._going if j.partition("/")[0] == run]:
            going, ref = self._going.pop(job), self._refs.pop(job)
            if ref.done():
                going.cancel()
            else:
                ref.cancel()
                self._loose(going)

    async def close(self) -> None:
        """Wait for nothing any longer; what runs goes on."""
        tasks = [*self._going.values(), *self._others]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _followed(executor: Executor, ref: str, listener: AttemptListener) -> Exit:
    """The end of an attempt, once the listener was told all that came before it."""
    async with aclosing(executor.follow(ref)) as updates:
        async for update in updates:
            if isinstance(update, Exit):
                return update
            listener.hear(update)
    raise ExecutorError(f"the executor {executor.name} told no end of {ref}", "InternalError")


class PointReader:
    """Makes what an attempt reports to points that are stored once: who follows it anew is told all from the first one.

    stored: how many points of each replica, by rank, the store has.
    """

    def __init__(self, run: str, task: str, job: Job, stored: Mapping[int, int]) -> None:
        self._run, self._task, self._attempt = run, task, job.attempt
        self._ranks = {replica.name: replica.rank for replica in job.replicas}
        self._skip = dict(stored)

    def read(self, update: Readings) -> list[Point]:
        """The points that are new; what comes from no replica of the job is left out."""
        return [
            Point(self._run, self._task, self._attempt, rank, each.metric, each.step, each.at, each.value)
            for each in update.points
            if (rank := self._ranks.get(each.replica)) is not None and self._is_new(rank)
        ]

    def _is_new(self, rank: int) -> bool:
        left = self._skip.get(rank, 0)
        if left:
            self._skip[rank] = left - 1
        return not left
