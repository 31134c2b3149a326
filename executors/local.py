"""The default executor: Python components as processes, other containers in Docker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import AsyncExitStack, aclosing
from typing import Protocol, Self

from kflite.core.job import Exit, Job, Resources, Update
from kflite.errors import ExecutorError
from kflite.executors.base import MACHINE, Executor, unheard


class Warm(Executor, Protocol):
    """An executor that can prepare itself before it is entered."""

    def warm(self) -> None: ...

    async def can_mount(self) -> bool:
        """Whether its processes can have mounts of their own."""


class LocalExecutor:
    """Chooses for each job: a job whose roles are all Python runs as processes, any other in containers; so does one that mounts
    something, where processes may not.

    docker: makes the Docker executor; called when the first job needs it, and again after it found no daemon.
    """

    name = "local"
    pool = MACHINE
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
        """Start the interpreter that tasks are forked from in the background."""
        self._process.warm()

    def capacity(self) -> Resources:
        """The machine's pool, which processes and containers share."""
        return self._process.capacity()

    async def identity(self, job: Job) -> Mapping[str, str]:
        """The identity by the executor that runs the job; empty if that needs Docker and no daemon answers."""
        try:
            return await (await self._for(job)).identity(job)
        except ExecutorError:
            return {}

    async def start(self, job: Job, waiting: Callable[[str], None] = unheard) -> str:
        """See the seam. Raises ExecutorError (NoDocker) when the job needs containers and no daemon answers."""
        executor = await self._for(job)
        return f"{executor.name}:{await executor.start(job, waiting)}"

    async def _for(self, job: Job) -> Executor:
        python = all(role.python for role in job.roles)
        if python and (not any(role.mounts for role in job.roles) or await self._process.can_mount()):
            return self._process
        return await self._with_docker()

    def follow(self, ref: str) -> AsyncGenerator[Update, None]:
        """See the seam. A container's attempt is lost when no daemon answers."""
        name, _, own = ref.partition(":")
        return self._process.follow(own) if name == self._process.name else self._follow_container(own)

    async def _follow_container(self, ref: str) -> AsyncGenerator[Update, None]:
        try:
            docker = await self._with_docker()
        except ExecutorError as error:
            yield Exit(-1, error.reason, str(error), lost=True)
            return
        async with aclosing(docker.follow(ref)) as updates:
            async for update in updates:
                yield update

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
