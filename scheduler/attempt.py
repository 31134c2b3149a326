"""Attempts: each is started or reattached and followed to its exit, and its outputs are read. Only this waits for executors."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from kflite.core.event import Point
from kflite.core.frozen import dataclass
from kflite.core.job import AttemptWaiting, Exit, Job, Readings, Serving
from kflite.core.paths import RunPaths
from kflite.core.plan import Work
from kflite.core.value import NOTHING, Outputs
from kflite.errors import ExecutorError, KfliteError, NotFound
from kflite.executors.base import Executor
from kflite.scheduler.publish import publish, publish_logs

if TYPE_CHECKING:
    from pathlib import Path

    from kflite.scheduler.deps import Offload
    from kflite.scheduler.staging import Staging

# When an attempt is stopped, its start is given up after so many seconds.
START_S = 1.0
# Reattaching gets longer: an attempt that a dead scheduler started would live on if it were given up.
REATTACH_S = 5.0
_ERRNO = {errno.ENOSPC: "DiskFull", errno.EDQUOT: "DiskFull", errno.E2BIG: "ArgumentTooLong", errno.EACCES: "NoPermission"}


@dataclass(frozen=True, slots=True)
class Attempt:
    """A job to start, and the work that reads its outputs.

    ref: None for a new attempt; "" for one that a dead scheduler may have started; else the executor's name for it.
    """

    paths: RunPaths
    task: str
    job: Job
    work: Work
    ref: str | None = None


def _ignore(update: Serving | Readings) -> None:
    """The default of listeners that need no such updates."""


@dataclass(frozen=True, slots=True)
class AttemptListener:
    """Callbacks for an attempt, called in the event loop and in order.

    started gets its ref; waiting gets what it waits for, "" once it waits no longer; exited comes last.
    """

    started: Callable[[str], None]
    waiting: Callable[[str], None]
    exited: Callable[[Exit, Outputs], None]
    serving: Callable[[Serving], None] = _ignore
    points: Callable[[Readings], None] = _ignore

    def hear(self, update: AttemptWaiting | Serving | Readings) -> None:
        """Pass on an update that comes before the exit."""
        match update:
            case AttemptWaiting(message):
                self.waiting(message)
            case Serving():
                self.serving(update)
            case Readings():
                self.points(update)


class Attempts:
    """All attempts under way."""

    def __init__(self, offload: Offload, transfer: Offload, staging: Staging) -> None:
        self._offload, self._transfer, self._staging = offload, transfer, staging
        self._running: dict[str, asyncio.Task[None]] = {}
        self._refs: dict[str, asyncio.Future[str]] = {}
        self._reattached: set[str] = set()
        self._given_up: set[str] = set()
        self._detached: set[asyncio.Task[None]] = set()

    def begin(self, attempt: Attempt, executor: Executor, listener: AttemptListener) -> None:
        """Start or reattach the attempt, and follow it to its exit."""
        id = attempt.job.id
        if attempt.ref == "":
            self._reattached.add(id)
        ref = self._refs[id] = asyncio.get_running_loop().create_future()
        self._running[id] = asyncio.create_task(self._follow(attempt, executor, ref, listener))

    async def _follow(self, attempt: Attempt, executor: Executor, ref: asyncio.Future[str], listener: AttemptListener) -> None:
        exit, outputs = await self._run(attempt, executor, ref, listener)
        self._running.pop(attempt.job.id, None)
        self._refs.pop(attempt.job.id, None)
        for jobs in (self._reattached, self._given_up):
            jobs.discard(attempt.job.id)
        ref.cancel()
        listener.exited(exit, outputs)

    async def _run(
        self, attempt: Attempt, executor: Executor, ref: asyncio.Future[str], listener: AttemptListener
    ) -> tuple[Exit, Outputs]:
        try:
            started_ref = attempt.ref or await self._start(attempt, executor, listener)
            if ref.cancelled():  # the run was dropped meanwhile
                raise asyncio.CancelledError
            ref.set_result(started_ref)
            listener.started(started_ref)
            exit = await _follow_to_exit(executor, started_ref, listener)
            if attempt.paths.remote:
                await self._transfer(publish_logs, attempt, self._staging.blobs)
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
            await self._offload(_make_folder, attempt.job.workspace)
        if fetch := tuple((uri, path) for uri, path in attempt.job.fetch if uri.partition("://")[0] not in executor.stages):
            await self._staging.bring(replace(attempt.job, fetch=fetch), attempt.paths, attempt.work.artifacts)
        return await executor.start(attempt.job, listener.waiting)

    async def _collect(self, attempt: Attempt, exit: Exit) -> tuple[Exit, Outputs]:
        job = attempt.job
        exit, outputs = await self._offload(attempt.work.collect, attempt.paths, attempt.task, job.attempt, exit)
        if exit.code or not outputs.artifacts:
            return exit, outputs
        return exit, await self._transfer(publish, attempt, outputs, self._staging.blobs)

    def stop(self, job: str, executor: Executor, grace_s: float) -> None:
        """End an attempt, even while it is still starting: an image is pulled, packages are installed."""
        if ref := self._refs.get(job):
            self._detach(asyncio.create_task(self._stop(job, ref, executor, grace_s)))

    def _detach(self, task: asyncio.Task[None]) -> None:
        self._detached.add(task)
        task.add_done_callback(self._detached.discard)

    async def _stop(self, job: str, ref: asyncio.Future[str], executor: Executor, grace_s: float) -> None:
        await asyncio.wait({ref}, timeout=max(grace_s, REATTACH_S) if job in self._reattached else START_S)
        if not ref.done():
            self._given_up.add(job)
            self._running[job].cancel()
        elif not ref.cancelled():
            await executor.stop(ref.result(), grace_s)

    def drop(self, run: str) -> None:
        """Stop following the run's attempts. They go on, and starts under way are completed."""
        for job in [j for j in self._running if j.partition("/")[0] == run]:
            running, ref = self._running.pop(job), self._refs.pop(job)
            if ref.done():
                running.cancel()
            else:
                ref.cancel()
                self._detach(running)

    async def close(self) -> None:
        """Stop following all attempts; they go on."""
        tasks = [*self._running.values(), *self._detached]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _make_folder(path: Path) -> None:
    path.mkdir(0o700, parents=True, exist_ok=True)


async def _follow_to_exit(executor: Executor, ref: str, listener: AttemptListener) -> Exit:
    """The exit of an attempt; the listener hears all updates before it."""
    async with aclosing(executor.follow(ref)) as updates:
        async for update in updates:
            if isinstance(update, Exit):
                return update
            listener.hear(update)
    raise ExecutorError(f"the executor {executor.name} reported no exit of {ref}", "InternalError")


class PointReader:
    """Turns an attempt's readings into points, and skips those that are stored: following an attempt again repeats all readings.

    stored: how many points the store has of each replica, by rank.
    """

    def __init__(self, run: str, task: str, job: Job, stored: Mapping[int, int]) -> None:
        self._run, self._task, self._attempt = run, task, job.attempt
        self._ranks = {replica.name: replica.rank for replica in job.replicas}
        self._skip = dict(stored)

    def read(self, update: Readings) -> list[Point]:
        """The new points; readings of unknown replicas are left out."""
        return [
            Point(self._run, self._task, self._attempt, rank, each.metric, each.step, each.at, each.value)
            for each in update.points
            if (rank := self._ranks.get(each.replica)) is not None and self._is_new(rank)
        ]

    def _is_new(self, rank: int) -> bool:
        to_skip = self._skip.get(rank, 0)
        if to_skip:
            self._skip[rank] = to_skip - 1
        return not to_skip
