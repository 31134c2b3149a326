"""The seam to whatever runs jobs. This is all of it: a few methods, in an async context.

Logs are files below the job's folder, whichever executor wrote them, so reading them is nobody's method.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import aclosing
from typing import Protocol, Self

from kflite.core.job import Exit, Job, Resources, Update

MACHINE = "machine"
"""The pool of whatever runs jobs on this machine."""


def unheard(message: str) -> None:
    """Nobody listens."""


class Executor(Protocol):
    """Runs jobs. Inside its context it holds what it needs (workers, connections); leaving the context stops nothing that runs.

    A ref is a short text that finds the attempt again, also from another process after a crash.
    """

    @property
    def name(self) -> str:
        """The word of `--on`."""

    @property
    def stages(self) -> Collection[str]:
        """The schemes of URIs, as "s3", that it copies itself between where they lie and its jobs."""

    @property
    def pool(self) -> str:
        """The pool that its capacity is part of: executors of one pool share CPUs, memory and GPUs. Known inside its context."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc: object) -> None: ...

    def capacity(self) -> Resources:
        """All that it can give at once; the scheduler subtracts what runs in its pool."""

    async def identity(self, job: Job) -> Mapping[str, str]:
        """What else decides the job's result here: digests of images, volumes, config maps, by name.

        What cannot be told has no entry: an image that is not here yet, a daemon that is away.
        """

    async def start(self, job: Job, waiting: Callable[[str], None] = unheard) -> str:
        """Start all replicas or none; returns the ref. Idempotent by (job.id, job.attempt): an attempt that was started before
        (by this or a dead scheduler) is found, not started again.

        waiting: told, in the loop, what the start waits for, "" for nothing any longer.
        Raises ExecutorError when it cannot be started; nothing is left running then, nor when the call is cancelled.
        """

    def follow(self, ref: str) -> AsyncGenerator[Update, None]:
        """What the attempt waits for, where it serves and what it reports, as it happens, and last its Exit.

        Works for refs of a dead scheduler, for several at once, and again after the end; leaving it stops nothing. Who comes late
        hears all points, and of the rest what holds now. One replica's failure stops the others.
        An attempt of which nothing can be found any more is Exit(-1, "Lost", lost=True).
        """

    async def stop(self, ref: str, grace_s: float) -> None:
        """Ask every process of the attempt to end (SIGTERM), kill what is left after `grace_s`; returns once all are gone."""


async def ended(executor: Executor, ref: str) -> Exit:
    """Wait for the end of an attempt, whatever else it tells."""
    async with aclosing(executor.follow(ref)) as updates:
        async for update in updates:
            if isinstance(update, Exit):
                return update
    raise AssertionError(f"{executor.name} told no end of {ref}")
