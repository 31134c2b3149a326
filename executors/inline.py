"""The inline executor: Python components run in this very process, one at a time, so that a debugger has the terminal."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Self

from kflite.config import default_home
from kflite.core.job import Exit, Job, Python, Resources
from kflite.errors import ExecutorError
from kflite.executors import facts, gang, secrets
from kflite.executors.process import folder, watch
from kflite.executors.process.attempt import last_words
from kflite.executors.process.capacity import machine
from kflite.executors.volumes import Volumes


class InlineExecutor:
    """Runs a job inside `wait`, in the caller's thread.

    The event loop stands still meanwhile, so a running job cannot be stopped. Memory limits are not kept, and a job that crashes
    the interpreter takes the scheduler along. volumes: the folder of named volumes.
    """

    name = "inline"
    stages: Collection[str] = ()

    def __init__(self, volumes: Path | None = None) -> None:
        self._volumes = Volumes(volumes or default_home() / "volumes")
        self._waiting: dict[str, Job] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        return None

    def capacity(self) -> Resources:
        """One CPU, since jobs follow each other; memory and GPUs of the machine."""
        return replace(machine(), cpus=1.0)

    async def start(self, job: Job) -> str:
        """Take the job in; it runs when it is waited for.

        Raises ExecutorError for what is not one replica of a Python component whose packages are installed.
        """
        ref = str(job.folder)
        if folder.claimed(ref)[1] or folder.read_exit(ref):
            return ref
        if job.claim:
            self._volumes.settle(job.claim)
            _make(job.folder)
            _keep(ref, Exit(0))
            return ref
        _check(job)
        for path in (job.folder, work(job), *(path.parent for path in (*job.outputs, *job.files))):
            _make(path)
        for path, text in job.files.items():
            path.write_text(text, "utf-8")
        folder.claim(ref, f"{os.getpid()} {folder.born(os.getpid())} -")
        self._waiting[ref] = job
        return ref

    async def wait(self, ref: str) -> Exit:
        """Run it, unless it ran; one that another process runs is waited for."""
        if job := self._waiting.pop(ref, None):
            exit = _run(job)
            _keep(ref, exit)
            return exit
        pid, born = (*folder.claimed(ref)[1].split(), "0", "")[:2]
        if not folder.read_exit(ref) and int(pid) != os.getpid() and folder.born(int(pid)) == born != "":
            await watch.ended(int(pid))
        ending = folder.read_exit(ref)
        if not ending:
            return Exit(-1, "Lost", "the process that ran it is gone", lost=True)
        return Exit(ending["code"], ending["reason"], ending["message"], ending["lost"])

    async def stop(self, ref: str, grace_s: float) -> None:
        """Drop a job that has not begun. One that runs holds the loop, and nobody can ask; Ctrl-C interrupts it."""
        if self._waiting.pop(ref, None):
            _keep(ref, Exit(-15, "Stopped", "stopped before it began"))


def work(job: Job) -> Path:
    """The job's working folder."""
    return job.folder / "work"


def _make(path: Path) -> None:
    """A folder that is private to the user, as are the parents that it lacked."""
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
    ports = gang.free_ports(job)
    told = {**secrets.values(replica.role), **facts.values(job, replica)}
    env = {**replica.role.env, **told, **gang.environments(job, ["127.0.0.1"], ports)[0]}
    _show_source(replica.role.python)
    loop = asyncio.get_running_loop()
    asyncio.events._set_running_loop(None)  # noqa: SLF001 - a component may run a loop of its own
    try:
        return _told(interpret(replica.role.python, env, work(job), replica.log), replica.log)
    finally:
        asyncio.events._set_running_loop(loop)  # noqa: SLF001


def _told(exit: Exit, log: Path) -> Exit:
    """The end with the last words of what ended by its status, as other executors tell it."""
    plain = exit.message == f"exit status {exit.code}"
    return replace(exit, message=exit.message + last_words(str(log))) if plain else exit


def _show_source(program: Python) -> None:
    """Let a debugger list the component's source, under the file name that kflite's runner compiles it with."""
    import linecache

    if "--function" in program.argv:
        source, name = program.argv[0], program.argv[program.argv.index("--function") + 1]
        file = f"<component {name}>"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)


def _keep(ref: str, exit: Exit) -> None:
    folder.write_exit(ref, {"code": exit.code, "reason": exit.reason, "message": exit.message, "lost": False, "replicas": []})
