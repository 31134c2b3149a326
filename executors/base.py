"""The seam of executors: a few methods, in an async context.

Logs are files below the job's folder on every executor, so no method reads them.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import aclosing
from typing import Protocol, Self

from kflite.core.job import Exit, Job, Resources, Update

MACHINE = "machine"
"""The pool of whatever runs jobs on this machine."""


def unheard(message: str) -> None:
    """The default listener: ignore the message."""


class Executor(Protocol):
    """Runs jobs. Inside its context it holds what it needs (workers, connections); leaving the context stops nothing that runs.

    A ref is a short text that finds the attempt again, also from another process after a crash.
    """

    @property
    def name(self) -> str:
        """The value of `--on`."""

    @property
    def stages(self) -> Collection[str]:
        """URI schemes, such as "s3", that the executor stages itself."""

    @property
    def pool(self) -> str:
        """The pool of its capacity: executors of one pool share CPUs, memory and GPUs. Only valid inside its context."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc: object) -> None: ...

    def capacity(self) -> Resources:
        """Its total resources; the scheduler subtracts what runs in its pool."""

    async def identity(self, job: Job) -> Mapping[str, str]:
        """What else decides the job's result here: digests of images, volumes, config maps, by name.

        What cannot be told has no entry: an image that is not here yet, a daemon that is away.
        """

    async def start(self, job: Job, waiting: Callable[[str], None] = unheard) -> str:
        """Start all replicas or none; returns the ref. Idempotent by (job.id, job.attempt): an attempt that was started before
        (by this or a dead scheduler) is found, not started again.

        waiting: called in the loop with what the start waits for, "" once it waits no longer.
        Raises ExecutorError if it cannot start. Nothing is left running after an error or when the call is cancelled.
        """

    def follow(self, ref: str) -> AsyncGenerator[Update, None]:
        """The attempt's updates as they happen: what it waits for, where it serves, its readings, and last its Exit.

        Works for refs of a dead scheduler, for several at once, and again after the end; leaving it stops nothing. A late
        follower gets all readings, and of the other updates what holds now. One replica's failure stops the others.
        An attempt that cannot be found any more is Exit(-1, "Lost", lost=True).
        """

    async def stop(self, ref: str, grace_s: float) -> None:
        """Send SIGTERM to all processes of the attempt, kill the rest after `grace_s`, and return once all are gone."""


async def ended(executor: Executor, ref: str) -> Exit:
    """Wait for the exit of an attempt, and ignore its other updates."""
    async with aclosing(executor.follow(ref)) as updates:
        async for update in updates:
            if isinstance(update, Exit):
                return update
    raise AssertionError(f"{executor.name} told no end of {ref}")
