"""The Docker executor."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from kflite.config import default_home
from kflite.core.job import Exit, Job, Resources, Update, VolumeClaim
from kflite.executors import identity, record
from kflite.executors.base import MACHINE, unheard
from kflite.executors.checks import check_roles
from kflite.executors.docker.attempt import ContainerAttempt
from kflite.executors.docker.daemon import Daemon
from kflite.executors.docker.events import ContainerEvents
from kflite.executors.docker.host import describe
from kflite.executors.docker.launch import ContainerStart, DockerShared, launch
from kflite.executors.docker.options import DockerOptions
from kflite.executors.docker.pull import Images
from kflite.executors.docker.sweep import sweep
from kflite.executors.machine import gpus
from kflite.executors.ref import Ref
from kflite.executors.volumes import Volumes

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class DockerExecutor:
    """Runs each replica as a container of its own.

    progress: gets a job's id and a note on the pull of its image; None writes the notes to the job's log; volumes: the folder of
    named volumes.
    """

    name = "docker"
    stages: Collection[str] = ()

    def __init__(
        self,
        settings: DockerOptions | None = None,
        progress: Callable[[str, str], None] | None = None,
        volumes: Path | None = None,
    ) -> None:
        self._settings, self._progress = settings or DockerOptions(), progress
        self._folder = volumes or default_home() / "volumes"
        self._volumes = Volumes(self._folder)
        self._daemon = Daemon(self._settings.address, self._settings.reconnect_s)
        self._images = Images(self._daemon, self._settings.images)
        self._attempts: dict[str, ContainerAttempt] = {}
        self._starting: dict[str, tuple[asyncio.Event, asyncio.Task[None]]] = {}

    async def __aenter__(self) -> Self:
        await self._daemon.connect()
        host = describe(self._daemon.info, self._settings, os.environ)
        self._watch = ContainerEvents(self._daemon)
        held = (self._daemon, self._watch, self._images, self._settings, host, self._volumes)
        self._shared = DockerShared(*held, self._progress)
        await sweep(self._daemon)
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._starting:
            await asyncio.wait([starting for _, starting in self._starting.values()])
        for attempt in self._attempts.values():
            attempt.close()
        await asyncio.gather(*(attempt.end for attempt in self._attempts.values()), return_exceptions=True)
        self._watch.close()
        self._shared.gpus.close()
        self._daemon.close()

    def capacity(self) -> Resources:
        """The resources of the daemon's machine."""
        info = self._daemon.info
        found = len(gpus()) if "nvidia" in info.get("Runtimes", {}) else 0
        return Resources(float(info.get("NCPU", 0)), info.get("MemTotal", 0), found)

    async def identity(self, job: Job) -> Mapping[str, str]:
        """The digests of its local images, its volumes and its config maps."""
        digests = {role.name: await self._images.digest(role.image) for role in job.roles}
        alone = len(job.roles) == 1
        parts = {"image digest" if alone else f"image digest {name}": digest for name, digest in digests.items() if digest}
        return {**parts, **await identity.of_job(job, self._folder)}

    @property
    def pool(self) -> str:
        """The machine's pool, unless the daemon runs on another machine."""
        address = self._daemon.address
        local = not address or address.startswith(("unix:", "npipe:")) or urlsplit(address).hostname in _LOOPBACK
        return MACHINE if local else f"docker {address}"

    async def start(self, job: Job, waiting: Callable[[str], None] = unheard) -> str:
        """See the seam. A cancelled start leaves nothing behind."""
        ref = str(Ref.of(job))
        if ref in self._attempts or record.read(job.folder):
            return ref
        if job.claim:
            await asyncio.to_thread(self._settle, job.claim, job.folder)
            return ref
        check_roles(job)
        if ref not in self._starting:
            stop = asyncio.Event()
            self._starting[ref] = stop, asyncio.create_task(self._start(ContainerStart(job, stop, waiting), ref))
        stop, starting = self._starting[ref]
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            stop.set()
            await asyncio.gather(starting, return_exceptions=True)
            if ref in self._attempts:
                await self._attempts.pop(ref).stop(0)
            raise
        return ref

    async def follow(self, ref: str) -> AsyncGenerator[Update, None]:
        """See the seam."""
        attempt = self._attempt(ref)
        async with aclosing(attempt.updates.follow(attempt.end)) as updates:
            async for update in updates:
                if isinstance(update, Exit):
                    self._attempts.pop(ref, None)
                yield update

    async def stop(self, ref: str, grace_s: float) -> None:
        """See the seam."""
        await self._attempt(ref).stop(grace_s)

    def _settle(self, claim: VolumeClaim, folder: Path) -> None:
        """Create or delete a volume before the start returns."""
        self._volumes.settle(claim)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        record.write(folder, Exit(0))

    async def _start(self, start: ContainerStart, ref: str) -> None:
        try:
            launched = await launch(self._shared, start)
            self._attempts[ref] = ContainerAttempt(self._shared, Ref.of(start.job), launched or None)
        finally:
            del self._starting[ref]

    def _attempt(self, ref: str) -> ContainerAttempt:
        if ref not in self._attempts:
            self._attempts[ref] = ContainerAttempt(self._shared, Ref.parse(ref))
        return self._attempts[ref]
