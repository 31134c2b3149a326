"""The default executor: Python components as processes, other containers in Docker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from contextlib import AsyncExitStack
from typing import Protocol, Self

from kflite.core.job import Exit, Job, Resources
from kflite.errors import ExecutorError
from kflite.executors.base import Executor


class Warm(Executor, Protocol):
    """An executor that can begin to prepare itself before it is entered."""

    def warm(self) -> None: ...

    async def can_mount(self) -> bool:
        """Whether its processes may have mounts of their own."""


class LocalExecutor:
    """Chooses for each job: a job whose roles are all Python runs as processes, any other in containers; so does one that mounts
    something, where processes may not.

    docker: makes the Docker executor; called when the first job needs it, and again after it found no daemon.
    """

    name = "local"
    stages: Collection[str] = ()

    def __init__(self, process: Warm, docker: Callable[[], Executor]) -> None:
        self._process, self._make_docker = process, docker
        self._docker: Executor | None = None
        self._entering = asyncio.Lock()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._process)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()
        self._docker = None

    def warm(self) -> None:
        """Start the interpreter that tasks are forked from, while the caller goes on."""
        self._process.warm()

    def capacity(self) -> Resources:
        """The machine's: processes and containers share it."""
        return self._process.capacity()

    async def start(self, job: Job) -> str:
        """See the seam. Raises ExecutorError (NoDocker) when the job needs containers and no daemon answers."""
        python = all(role.python for role in job.roles)
        if python and (not any(role.mounts for role in job.roles) or await self._process.can_mount()):
            return f"{self._process.name}:{await self._process.start(job)}"
        docker = await self._with_docker()
        return f"{docker.name}:{await docker.start(job)}"

    async def wait(self, ref: str) -> Exit:
        """See the seam. A container's attempt is lost when no daemon answers."""
        try:
            executor, own = await self._of(ref)
        except ExecutorError as error:
            return Exit(-1, error.reason, str(error), lost=True)
        return await executor.wait(own)

    async def stop(self, ref: str, grace_s: float) -> None:
        """See the seam."""
        executor, own = await self._of(ref)
        await executor.stop(own, grace_s)

    async def _of(self, ref: str) -> tuple[Executor, str]:
        name, _, own = ref.partition(":")
        return (self._process if name == self._process.name else await self._with_docker()), own

    async def _with_docker(self) -> Executor:
        async with self._entering:
            if self._docker is None:
                self._docker = await self._stack.enter_async_context(self._make_docker())
            return self._docker
