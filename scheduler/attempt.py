"""One attempt, from its start to its outputs: the only place where a run waits for an executor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from kflite.errors import ExecutorError, KfliteError
from kflite.executors.base import Executor
from kflite.job import Exit, Job
from kflite.place import Place
from kflite.plan import Work
from kflite.scheduler import staging
from kflite.store import artifacts
from kflite.value import NOTHING, Artifact, Outputs


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is started: the job, and the work that reads its outputs. ref: of an attempt that was found, "" to start it."""

    place: Place
    task: str
    job: Job
    work: Work
    ref: str = ""


async def run(attempt: Attempt, executor: Executor, started: Callable[[str], None]) -> tuple[Exit, Outputs]:
    """Start (or find) the attempt, tell its ref, wait for its end and read what it left."""
    try:
        ref = attempt.ref or await _start(attempt, executor)
        started(ref)
        exit = await executor.wait(ref)
        return await _collect(attempt, exit)
    except ExecutorError as error:
        return Exit(1, error.reason, str(error)), NOTHING
    except (OSError, KfliteError) as error:
        return Exit(1, _word(error), str(error)), NOTHING


async def _start(attempt: Attempt, executor: Executor) -> str:
    if attempt.job.fetch:
        await asyncio.to_thread(staging.fetch, attempt.job)
    return await executor.start(attempt.job)


async def _collect(attempt: Attempt, exit: Exit) -> tuple[Exit, Outputs]:
    exit, outputs = attempt.work.collect(attempt.place, attempt.task, attempt.job.attempt, exit)
    if exit.code or not outputs.artifacts:
        return exit, outputs
    return exit, await asyncio.to_thread(_keep, attempt, outputs)


def _keep(attempt: Attempt, outputs: Outputs) -> Outputs:
    """Hash what was made, and push it to where artifacts are kept. Blocks."""
    hashed = {k: tuple(_hashed(a, attempt.place) for a in group) for k, group in outputs.artifacts.items()}
    staging.push(attempt.job)
    return Outputs(outputs.parameters, hashed)


def _hashed(artifact: Artifact, place: Place) -> Artifact:
    path = place.path(artifact.custom_path or artifact.uri)
    uri = place.uri(path) if not artifact.custom_path else artifact.uri
    if not path.exists():
        return replace(artifact, uri=uri)
    digest, size = artifacts.digest(path)
    return replace(artifact, uri=uri, digest=digest, size=size)


def _word(error: Exception) -> str:
    """The reason for an error of this machine's own, in one word."""
    if isinstance(error, OSError) and error.errno is not None:
        import errno

        return {errno.ENOSPC: "DiskFull", errno.EDQUOT: "DiskFull", errno.E2BIG: "ArgumentTooLong"}.get(error.errno, "SystemError")
    return "StagingFailed"
