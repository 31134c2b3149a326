"""The seam to whatever runs jobs. This is all of it: four methods, in an async context.

Logs are files below the job's folder, whichever executor wrote them, so reading them is nobody's method.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol, Self

from kflite.core.job import Exit, Job, Resources


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

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc: object) -> None: ...

    def capacity(self) -> Resources:
        """All that it can give at once; the scheduler subtracts what runs."""

    async def start(self, job: Job) -> str:
        """Start all replicas or none; returns the ref. Idempotent by (job.id, job.attempt): an attempt that was started before
        (by this or a dead scheduler) is found, not started again.

        Raises ExecutorError when it cannot be started; nothing is left running then, nor when the call is cancelled.
        """

    async def wait(self, ref: str) -> Exit:
        """Wait for the end; works for refs of a dead scheduler, and again after the end. One replica's failure stops the others.

        An attempt of which nothing can be found any more is Exit(-1, "Lost", lost=True).
        """

    async def stop(self, ref: str, grace_s: float) -> None:
        """Ask every process of the attempt to end (SIGTERM), kill what is left after `grace_s`; returns once all are gone."""
