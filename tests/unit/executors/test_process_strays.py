"""What tasks leave running, where several tasks run at once."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from contract.jobs import Jobs
from contract.probes import HOLD, PATIENCE_S, free, held, there

from kflite.core.job import Job
from kflite.executors.base import ended
from kflite.executors.process import ProcessExecutor

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives strays to the zygote")]

DAEMON = "os.setsid()\n    if os.fork(): os._exit(0)"


def leaving(jobs: Jobs, name: str, then: str = "") -> Job:
    return jobs.python(HOLD.format(escape=DAEMON, held=str(jobs.out(name))) + then, task=name)


async def test_a_daemon_ends_with_its_task_though_another_runs(executor: ProcessExecutor, jobs: Jobs) -> None:
    other = await executor.start(jobs.sleeping())
    await there(jobs.out("ready"))
    await ended(executor, await executor.start(leaving(jobs, "daemon")))
    await free(jobs.out("daemon"))
    await executor.stop(other, PATIENCE_S)


async def test_a_daemon_of_a_task_that_runs_survives_the_end_of_another(executor: ProcessExecutor, jobs: Jobs) -> None:
    ref = await executor.start(leaving(jobs, "daemon", "time.sleep(600)"))
    await there(Path(f"{jobs.out('daemon')}.ready"))
    await ended(executor, await executor.start(jobs.ending(0, task="other")))
    assert held(jobs.out("daemon"))
    await executor.stop(ref, 0.1)
    await free(jobs.out("daemon"))


async def test_a_daemon_that_hides_ends_when_nothing_runs(executor: ProcessExecutor, jobs: Jobs) -> None:
    hide = DAEMON + "\n    os.chdir('/')\n    for n in (1, 2): os.dup2(os.open('/dev/null', os.O_RDWR), n)"
    job = jobs.python(HOLD.format(escape=hide, held=str(jobs.out("daemon"))))
    await ended(executor, await executor.start(job))
    await free(jobs.out("daemon"))


def test_warming_needs_no_event_loop(environments: Path, jobs: Jobs) -> None:
    executor = ProcessExecutor(environments)
    executor.warm()

    async def main() -> int:
        async with executor:
            return (await ended(executor, await executor.start(jobs.ending(3)))).code

    assert asyncio.run(main()) == 3
