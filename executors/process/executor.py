"""The process executor."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Self

from kflite.core.job import Exit, Job, Resources, Role, Update, VolumeClaim
from kflite.errors import ExecutorError
from kflite.executors import attempt_folder, identity, peers, processes, serving
from kflite.executors.base import MACHINE, unheard
from kflite.executors.checks import check_roles
from kflite.executors.exits import from_ending
from kflite.executors.machine import GpuShare, machine
from kflite.executors.process import order
from kflite.executors.process.link import Link, connect, probe, spawn, usual
from kflite.executors.process.message import ProcessMount
from kflite.executors.serving import until_exit

if TYPE_CHECKING:
    from kflite.executors.attempt_folder import Ending
    from kflite.executors.environments import Environments

_LATE_S, _LATE = 0.5, 50  # how long, and how often, one looks whether a start comes late
_NEVER_STARTED = "nobody"  # owner of an attempt that was given up, so that a start that comes late finds it taken
_outliving: list[subprocess.Popen[bytes]] = []  # zygotes that we left with running tasks: still ours to reap


class ProcessExecutor:
    """Runs each replica as a process of its own, in its own group, folder and log.

    environments: the folder of environments built for packages; python: the interpreter of tasks that need none of their own;
    capacity: what to give at once, instead of what the machine has; volumes: the folder of named volumes, beside `environments`
    where none is given.
    """

    name = "process"
    pool = MACHINE
    stages: Collection[str] = ()

    def __init__(
        self,
        environments: Path,
        python: str = sys.executable,
        capacity: Resources | None = None,
        volumes: Path | None = None,
    ) -> None:
        self._home, self._python = environments, python
        self._volumes = volumes or environments.parent / "volumes"
        self._environments: Environments | None = None
        self._can_mount: bool | None = None
        self._capacity = capacity
        self._zygotes: dict[str, _Zygote] = {}
        self._others: dict[str, Link] = {}  # to zygotes of other schedulers, by socket
        self._started: dict[str, tuple[_Zygote, asyncio.Future[Ending | None]]] = {}  # until their end was fetched
        self._serving: dict[str, dict[str, str]] = {}  # of those
        self._gpus = GpuShare()

    async def __aenter__(self) -> Self:
        self.warm()
        return self

    async def __aexit__(self, *exc: object) -> None:
        for link in self._others.values():
            link.close()
        for zygote in self._zygotes.values():
            await zygote.leave()
        self._zygotes.clear()
        self._gpus.close()
        if self._environments:
            await self._environments.close()

    def warm(self) -> None:
        """Start the interpreter that tasks are forked from in the background. Needs no event loop."""
        _outliving[:] = [process for process in _outliving if process.poll() is None]
        self._zygote(self._python)

    def capacity(self) -> Resources:
        """The machine's resources, within our control group's limits."""
        if self._capacity is None:
            self._capacity = machine()
        return self._capacity

    async def identity(self, job: Job) -> Mapping[str, str]:
        """The job's volumes and config maps."""
        return await identity.of_job(job, self._volumes)

    async def start(self, job: Job, waiting: Callable[[str], None] = unheard) -> str:
        """See the seam. Returns once the zygote has been told; a command that cannot be run shows in its exit."""
        ref = str(job.folder)
        if ref in self._started or self._is_claimed(ref):
            return ref
        if job.claim:
            return await self._settle(job.claim, ref)
        check_roles(job)
        order.check(job)
        mounts = await self._mounts(job) if any(role.mounts for role in job.roles) else {}
        pythons = [await self._interpreter(replica.role) for replica in job.replicas]
        chosen = next((p for p, r in zip(pythons, job.replicas, strict=True) if r.role.python), self._python)
        envs = [_activation(python, self._python) for python in pythons]
        zygote = self._zygote(chosen)
        link = zygote.link()
        others = ["" if python == chosen else python for python in pythons]
        ports = peers.free_ports(job)
        gpus = self._gpus.take(ref, job.id, job.request.gpus)
        try:
            link.send(order.start(job, link, gpus, envs, others, mounts, ports))
        except BaseException:
            self._gpus.give(ref)
            raise
        if addresses := serving.addresses(job, [order.HOST] * len(envs), ports):
            self._serving[ref] = addresses
        self._started[ref] = (zygote, link.end(ref))
        return ref

    async def follow(self, ref: str) -> AsyncGenerator[Update, None]:
        """See the seam."""
        addresses = self._serving.get(ref, {}) if ref in self._started else attempt_folder.serves(ref)
        if addresses:
            async with aclosing(until_exit(addresses, self._end(ref))) as updates:
                async for update in updates:
                    yield update
        else:
            yield await self._end(ref)

    async def _end(self, ref: str) -> Exit:
        zygote, end = self._started.get(ref, (None, None))
        ending = await asyncio.shield(end) if end else None
        if zygote and not ending and not attempt_folder.claimed(ref)[1]:
            ending = await zygote.failure()
        if not ending:
            ending = await self._find(ref)
        self._started.pop(ref, None)
        self._gpus.give(ref)
        self._serving.pop(ref, None)
        if attempt_folder.holds_mounts(ref):
            await asyncio.to_thread(_clear, ref)
        return from_ending(ending)

    async def stop(self, ref: str, grace_s: float) -> None:
        """See the seam."""
        if ref in self._started:
            zygote, end = self._started[ref]
            zygote.link().send({"stop": ref, "grace_s": grace_s})
            if await asyncio.shield(end):
                return
        if attempt_folder.read_exit(ref) or not (await _claimed(ref))[1]:
            return
        if other := self._reach(ref):
            other.send({"stop": ref, "grace_s": grace_s})
            await self._find(ref)
        else:
            await processes.end(attempt_folder.processes(ref), grace_s)

    async def can_mount(self) -> bool:
        """Whether tasks can have mounts of their own on this machine; tried once, in some 50 ms."""
        if self._can_mount is None:
            self._can_mount = sys.platform == "linux" and await probe(self._python)
        return self._can_mount

    async def _mounts(self, job: Job) -> dict[int, list[ProcessMount]]:
        if sys.platform != "linux":
            raise ExecutorError(f"{job.id} mounts volumes, which a process can on Linux only: use --on docker", "NoMounts")
        from kflite.executors.volumes import Volumes  # most pipelines mount nothing

        return await asyncio.to_thread(order.mounts_of, job, Volumes(self._volumes))

    async def _settle(self, claim: VolumeClaim, ref: str) -> str:
        """Create or delete a volume before the start returns."""
        from kflite.executors.volumes import Volumes

        if not attempt_folder.read_exit(ref):
            await asyncio.to_thread(Volumes(self._volumes).settle, claim)
            os.makedirs(ref, 0o700, exist_ok=True)
            attempt_folder.write_exit(ref, _ending("", "", code=0))
        return ref

    async def _interpreter(self, role: Role) -> str:
        if not role.python or not role.python.packages:
            return self._python
        if self._environments is None:
            from kflite.executors.environments import Environments  # most pipelines need none

            self._environments = Environments(self._home, self._python)
        return await self._environments.python(role.python)

    def _zygote(self, python: str) -> _Zygote:
        zygote = self._zygotes.get(python)
        if zygote is None or zygote.dead:
            self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
            zygote = self._zygotes[python] = _Zygote(python, self._home / "zygote.log")
        return zygote

    def _is_claimed(self, ref: str) -> bool:
        taken, owner = attempt_folder.claimed(ref)
        if taken and not attempt_folder.read_exit(ref):
            self._gpus.note(ref, tuple(taken.split(",")))
        return bool(owner)

    async def _find(self, ref: str) -> Ending:
        """The end of an attempt that another scheduler started, or whose zygote died."""
        while True:
            if ending := attempt_folder.read_exit(ref):
                return ending
            taken, owner = await _claimed(ref)
            if not owner and not _give_up(ref):
                continue
            if owner in ("", _NEVER_STARTED):
                return _lost(ref, "it was never started")
            if not _lives(owner):
                await processes.end(attempt_folder.processes(ref), 0)
                return attempt_folder.read_exit(ref) or _lost(ref, "what looked after it is gone, and its exit status with it")
            if taken:
                self._gpus.note(ref, tuple(taken.split(",")))
            link = self._reach(ref)
            if not link:
                await processes.ended(int(owner.split(" ")[0]))
            elif ending := await asyncio.shield(_follow(link, ref)):
                return ending
            elif not link.closed.done():
                return attempt_folder.read_exit(ref) or _lost(ref, "its end could not be kept")

    def _reach(self, ref: str) -> Link | None:
        """A connection to the zygote that runs an attempt."""
        owner = attempt_folder.claimed(ref)[1]
        if owner in ("", _NEVER_STARTED) or not _lives(owner):
            return None
        path = owner.split(" ", 2)[2]
        known = self._others.get(path)
        if known and not known.closed.done():
            return known
        connection = connect(path)
        if not connection:
            return None
        self._others[path] = Link(connection, {})
        return self._others[path]


class _Zygote:
    """A zygote that this executor started."""

    def __init__(self, python: str, log: Path) -> None:
        self._connection, self._process = spawn(python, log, order.USUAL)
        self._python, self._log = python, log
        self._link: Link | None = None

    @property
    def dead(self) -> bool:
        """Whether the zygote takes no more orders."""
        return self._link is not None and self._link.closed.done()

    def link(self) -> Link:
        """The connection, which belongs to the loop of the first call."""
        if self._link is None:
            self._link = Link(self._connection, usual())
        return self._link

    async def failure(self) -> Ending | None:
        """The error of attempts that cannot start, if the zygote itself cannot start and never will."""
        if not self.dead:
            return None
        await processes.ended(self._process.pid)
        if self._process.wait() <= 0:
            return None
        return _ending("WorkerFailed", f"{self._python} cannot start tasks: see {self._log}")

    async def leave(self) -> None:
        """Let the zygote end after its last attempt."""
        busy = self._link is not None and self._link.busy
        self.link().close()
        if busy:
            _outliving.append(self._process)
            return
        await processes.ended(self._process.pid)
        self._process.wait()


def _clear(ref: str) -> None:
    from kflite.executors.volumes import clear

    clear(ref)


def _activation(python: str, base: str) -> dict[str, str]:
    """Variables by which a task's subprocesses find its environment's programs first."""
    if python == base:
        return {}
    programs = Path(python).parent
    return {"VIRTUAL_ENV": str(programs.parent), "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


async def _claimed(ref: str) -> tuple[str, str]:
    """GPUs and owner. Retries for a while, as a zygote that has just lost its scheduler may still start the attempt."""
    for _ in range(_LATE):
        taken, owner = attempt_folder.claimed(ref)
        if owner:
            return taken, owner
        await asyncio.sleep(_LATE_S / _LATE)
    return "", ""


def _follow(link: Link, ref: str) -> asyncio.Future[Ending | None]:
    future = link.end(ref)
    link.send({"follow": ref})
    return future


def _lives(owner: str) -> bool:
    pid, born, _ = owner.split(" ", 2)
    return attempt_folder.born(int(pid)) == born


def _give_up(ref: str) -> bool:
    Path(ref).mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        attempt_folder.claim(ref, _NEVER_STARTED)
    except FileExistsError:
        return False
    return True


def _ending(reason: str, message: str, code: int = -1) -> Ending:
    return {"code": code, "reason": reason, "message": message, "lost": reason == "Lost", "replicas": []}


def _lost(ref: str, why: str) -> Ending:
    ending = _ending("Lost", why)
    attempt_folder.write_exit(ref, ending)
    return ending
