"""The inline executor: it runs Python components in this process, one at a time, so that a debugger can use the terminal."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from kflite.config import default_home
from kflite.core.job import Exit, Job, Python, Resources, Update
from kflite.errors import ExecutorError
from kflite.executors import attempt_folder, downward_api, identity, peers, processes, secrets
from kflite.executors.base import MACHINE, unheard
from kflite.executors.checks import check_roles
from kflite.executors.exits import from_ending, of_each
from kflite.executors.logtail import last_words
from kflite.executors.machine import machine
from kflite.executors.volumes import Volumes

if TYPE_CHECKING:
    from kflite.executors.attempt_folder import Ending


class InlineExecutor:
    """Runs a job while it is followed, in the caller's thread.

    The event loop stands still meanwhile, so a running job cannot be stopped. Memory limits are not kept, and a job that crashes
    the interpreter takes the scheduler along. volumes: the folder of named volumes.
    """

    name = "inline"
    pool = MACHINE
    stages: Collection[str] = ()

    def __init__(self, volumes: Path | None = None) -> None:
        self._folder = volumes or default_home() / "volumes"
        self._volumes = Volumes(self._folder)
        self._waiting: dict[str, Job] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        return None

    def capacity(self) -> Resources:
        """One CPU, as jobs run one at a time; memory and GPUs of the machine."""
        return replace(machine(), cpus=1.0)

    async def identity(self, job: Job) -> Mapping[str, str]:
        """Its config maps."""
        return await identity.of_job(job, self._folder)

    async def start(self, job: Job, waiting: Callable[[str], None] = unheard) -> str:
        """Take the job in; it runs when it is followed.

        Raises ExecutorError for what is not one replica of a Python component whose packages are installed.
        """
        ref = str(job.folder)
        if attempt_folder.claimed(ref)[1] or attempt_folder.read_exit(ref):
            return ref
        if job.claim:
            self._volumes.settle(job.claim)
            _make(job.folder)
            _keep(ref, Exit(0))
            return ref
        check_roles(job)
        _check(job)
        for path in (job.folder, work(job), *(path.parent for path in (*job.outputs, *job.files))):
            _make(path)
        for path, text in job.files.items():
            path.write_text(text, "utf-8")
        attempt_folder.claim(ref, f"{os.getpid()} {attempt_folder.born(os.getpid())} -")
        self._waiting[ref] = job
        return ref

    async def follow(self, ref: str) -> AsyncGenerator[Update, None]:
        """Run the job, unless it has run; wait for one that another process runs."""
        yield await self._end(ref)

    async def _end(self, ref: str) -> Exit:
        if job := self._waiting.pop(ref, None):
            exit = of_each(job, _run(job))
            _keep(ref, exit)
            return exit
        pid, born = (*attempt_folder.claimed(ref)[1].split(), "0", "")[:2]
        if not attempt_folder.read_exit(ref) and int(pid) != os.getpid() and attempt_folder.born(int(pid)) == born != "":
            await processes.ended(int(pid))
        ending = attempt_folder.read_exit(ref)
        if not ending:
            return Exit(-1, "Lost", "the process that ran it is gone", lost=True)
        return from_ending(ending)

    async def stop(self, ref: str, grace_s: float) -> None:
        """Drop a job that has not begun. A running job blocks the event loop, so only Ctrl-C interrupts it."""
        if job := self._waiting.pop(ref, None):
            _keep(ref, of_each(job, Exit(-15, "Stopped", "stopped before it began")))


def work(job: Job) -> Path:
    """The job's working folder."""
    return job.folder / "work"


def _make(path: Path) -> None:
    """A folder that is private to the user, like its new parents."""
    for part in (*reversed(path.parents), path):
        if not part.exists():
            part.mkdir(mode=0o700, exist_ok=True)


def _check(job: Job) -> None:
    replicas = job.replicas
    if len(replicas) != 1:
        raise ExecutorError(f"{job.id} has {len(replicas)} replicas, and inline runs one: use --on process", "NotOne")
    code = replicas[0].role.python
    if replicas[0].role.mounts:
        paths = ", ".join(mount.path for mount in replicas[0].role.mounts)
        raise ExecutorError(
            f"{job.id} mounts {paths}, and inline runs in a process that has no mounts of its own: "
            "use --on process or --on docker",
            "NoMounts",
        )
    if code is None:
        raise ExecutorError(f"{job.id} is a command and no Python component: use --on process or --on docker", "NotPython")
    if any(port.ready for port in replicas[0].role.ports):
        why = "serves, and inline runs it in the thread that would look whether it does"
        raise ExecutorError(f"{job.id} {why}: use --on process", "NotServed")
    missing = _missing(code)
    if missing:
        told = " ".join(missing)
        raise ExecutorError(f"{job.id} needs {told}: pip install {told}, or use --on process", "PackagesMissing")


def _missing(code: Python) -> list[str]:
    if not code.packages:
        return []
    from kflite.executors.environments import satisfied

    return [package for package in code.packages if not satisfied(package)]


def _run(job: Job) -> Exit:
    from kflite.executors.interpret import interpret

    (replica,) = job.replicas
    assert replica.role.python
    ports = peers.free_ports(job)
    told = {**secrets.values(replica.role), **downward_api.values(job, replica)}
    env = {**replica.role.env, **told, **peers.environments(job, ["127.0.0.1"], ports)[0]}
    _show_source(replica.role.python)
    loop = asyncio.get_running_loop()
    asyncio.events._set_running_loop(None)  # noqa: SLF001 - a component may run a loop of its own
    try:
        return _told(interpret(replica.role.python, env, work(job), replica.log), replica.log)
    finally:
        asyncio.events._set_running_loop(loop)  # noqa: SLF001


def _told(exit: Exit, log: Path) -> Exit:
    """The exit, with the log's last line for a failed status, as other executors report it."""
    plain = exit.message == f"exit status {exit.code}"
    return replace(exit, message=exit.message + last_words(str(log))) if plain else exit


def _show_source(program: Python) -> None:
    """Let a debugger show the component's source under the file name that the runner compiles it with."""
    import linecache

    if "--function" in program.argv:
        source, name = program.argv[0], program.argv[program.argv.index("--function") + 1]
        file = f"<component {name}>"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)


def _keep(ref: str, exit: Exit) -> None:
    replicas: list[list[str | int]] = [[each.role, each.index, each.code, each.reason] for each in exit.replicas]
    told: Ending = {"code": exit.code, "reason": exit.reason, "message": exit.message, "lost": False, "replicas": replicas}
    attempt_folder.write_exit(ref, told)
