"""The Docker executor."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Self

from kflite.config import default_home
from kflite.core.job import Claim, Exit, Job, Resources
from kflite.executors import record
from kflite.executors.docker.attempt import Attempt
from kflite.executors.docker.daemon import Daemon
from kflite.executors.docker.host import describe
from kflite.executors.docker.launch import Shared, launch
from kflite.executors.docker.pull import Images
from kflite.executors.docker.settings import Settings
from kflite.executors.docker.sweep import sweep
from kflite.executors.docker.watch import Watch
from kflite.executors.process.capacity import gpus
from kflite.executors.ref import Ref
from kflite.executors.volumes import Volumes


class DockerExecutor:
    """Runs each replica as a container of its own.

    progress: gets a job's id and a note on the pull of its image; None writes the notes to the job's log; volumes: the folder of
    named volumes; noted: gets, in the loop, a job's id and what it waits for, "" for nothing any longer.
    """

    name = "docker"
    stages: Collection[str] = ()

    def __init__(
        self,
        settings: Settings | None = None,
        progress: Callable[[str, str], None] | None = None,
        volumes: Path | None = None,
        noted: Callable[[str, str], None] = lambda job, text: None,
    ) -> None:
        self._settings, self._progress, self._noted = settings or Settings(), progress, noted
        self._volumes = Volumes(volumes or default_home() / "volumes")
        self._daemon = Daemon(self._settings.address, self._settings.reconnect_s)
        self._images = Images(self._daemon, self._settings.images)
        self._attempts: dict[str, Attempt] = {}
        self._starting: dict[str, tuple[asyncio.Event, asyncio.Task[None]]] = {}

    async def __aenter__(self) -> Self:
        await self._daemon.connect()
        host = describe(self._daemon.info, self._settings, os.environ)
        self._watch = Watch(self._daemon)
        held = (self._daemon, self._watch, self._images, self._settings, host, self._volumes)
        self._shared = Shared(*held, self._noted, self._progress)
        await sweep(self._daemon)
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._starting:
            await asyncio.wait([starting for _, starting in self._starting.values()])
        for attempt in self._attempts.values():
            attempt.close()
        await asyncio.gather(*(attempt.end for attempt in self._attempts.values()), return_exceptions=True)
        self._watch.close()
        self._daemon.close()

    def capacity(self) -> Resources:
        """The machine's that the daemon runs on."""
        info = self._daemon.info
        found = len(gpus()) if "nvidia" in info.get("Runtimes", {}) else 0
        return Resources(float(info.get("NCPU", 0)), info.get("MemTotal", 0), found)

    def digest(self, image: str) -> str:
        """The digest of the image that jobs asking for `image` get, "" where it is not known yet. Blocks; needs no context."""
        return self._images.digest(image)

    async def start(self, job: Job) -> str:
        """See the seam. A cancelled start leaves nothing behind."""
        ref = str(Ref.of(job))
        if ref in self._attempts or record.read(job.folder):
            return ref
        if job.claim:
            await asyncio.to_thread(self._settle, job.claim, job.folder)
            return ref
        if ref not in self._starting:
            stop = asyncio.Event()
            self._starting[ref] = stop, asyncio.create_task(self._start(job, ref, stop))
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

    async def wait(self, ref: str) -> Exit:
        """See the seam."""
        exit = await asyncio.shield(self._attempt(ref).end)
        self._attempts.pop(ref, None)
        return exit

    async def stop(self, ref: str, grace_s: float) -> None:
        """See the seam."""
        await self._attempt(ref).stop(grace_s)

    def _settle(self, claim: Claim, folder: Path) -> None:
        """A volume is created or deleted before the start returns."""
        self._volumes.settle(claim)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        record.write(folder, Exit(0), [])

    async def _start(self, job: Job, ref: str, stop: asyncio.Event) -> None:
        try:
            launched = await launch(self._shared, job, stop)
            self._attempts[ref] = Attempt(self._shared, Ref.of(job), launched or None)
        finally:
            del self._starting[ref]

    def _attempt(self, ref: str) -> Attempt:
        if ref not in self._attempts:
            self._attempts[ref] = Attempt(self._shared, Ref.parse(ref))
        return self._attempts[ref]
