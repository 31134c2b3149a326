"""The process executor when schedulers, zygotes and disks die."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from contract.jobs import Jobs
from contract.probes import HOLD, PATIENCE_S, free, there

from kflite.core.job import Exit
from kflite.errors import ExecutorError
from kflite.executors import attempt_folder
from kflite.executors.base import ended
from kflite.executors.process import ProcessExecutor

pytestmark = pytest.mark.anyio

SCHEDULER = """
import asyncio, os, signal, sys
from pathlib import Path
from contract.jobs import Jobs
from kflite.executors.process import ProcessExecutor

async def main():
    jobs = Jobs(Path({root!r}))
    async with ProcessExecutor(Path({root!r}) / "environments") as executor:
        ref = await executor.start({job})
        {then}
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""

WAITS_FOR_GO = """
import os, time
open({ready!r}, "w").close()
while not os.path.exists({go!r}): time.sleep(0.005)
print("went on")
raise SystemExit(3)
"""


def die(root: Path, job: str, then: str = "") -> None:
    """Be a scheduler that starts a job and is killed."""
    text = textwrap.dedent(SCHEDULER).format(root=str(root), job=job, then=then)
    path = os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])
    ended = subprocess.run([sys.executable, "-c", text], env={**os.environ, "PYTHONPATH": path}, check=False)
    assert ended.returncode == -signal.SIGKILL


def waiting(jobs: Jobs) -> str:
    return WAITS_FOR_GO.format(ready=str(jobs.out("ready")), go=str(jobs.out("go")))


async def test_a_task_goes_on_without_its_scheduler_and_its_end_is_found(
    executor: ProcessExecutor, jobs: Jobs, tmp_path: Path
) -> None:
    job = jobs.python(waiting(jobs))
    await asyncio.to_thread(die, tmp_path, f"jobs.python({waiting(jobs)!r})")
    assert await executor.start(job) == str(job.folder)
    end = asyncio.ensure_future(ended(executor, str(job.folder)))
    await there(jobs.out("ready"))
    jobs.out("go").touch()
    assert (await end).code == 3
    assert (job.folder / "log").read_text() == "went on\n"


async def test_what_ended_while_there_was_no_scheduler_is_known(jobs: Jobs, tmp_path: Path, environments: Path) -> None:
    await asyncio.to_thread(die, tmp_path, "jobs.ending(3)")
    await there(jobs.ending(3).folder / "exit")
    async with ProcessExecutor(environments) as executor:
        assert (await ended(executor, str(jobs.ending(3).folder))).code == 3


async def test_a_gang_is_looked_after_without_a_scheduler(executor: ProcessExecutor, jobs: Jobs, tmp_path: Path) -> None:
    text = waiting(jobs).replace("print", "if os.environ['KFLITE_RANK'] == '0': time.sleep(600)\nprint")
    await asyncio.to_thread(die, tmp_path, f"jobs.job(__import__('dataclasses').replace(jobs.code({text!r}), replicas=2))")
    await there(jobs.out("ready"))
    jobs.out("go").touch()
    exit = await ended(executor, str(jobs.ending(0).folder))
    assert (exit.code, exit.message) == (3, "main.1: exit status 3: went on")


async def test_another_scheduler_stops_what_the_dead_one_started(executor: ProcessExecutor, jobs: Jobs, tmp_path: Path) -> None:
    await asyncio.to_thread(die, tmp_path, "jobs.sleeping(stubborn=True)")
    await there(jobs.out("ready"))
    ref = str(jobs.sleeping().folder)
    await executor.stop(ref, 0.1)
    assert await ended(executor, ref) == Exit(-9, "Stopped", "stopped on request")


async def test_a_zygote_leaves_nothing_behind_when_its_scheduler_died(jobs: Jobs, tmp_path: Path) -> None:
    held = str(jobs.out("held"))
    text = HOLD.format(escape="os.setsid()\n    if os.fork(): os._exit(0)", held=held)
    await asyncio.to_thread(die, tmp_path, f"jobs.python({text!r})")
    await there(Path(f"{held}.ready"))
    await free(Path(held))


async def test_an_attempt_whose_zygote_was_killed_is_lost_and_ended(executor: ProcessExecutor, jobs: Jobs) -> None:
    held = jobs.out("held")
    ref = await executor.start(jobs.python(HOLD.format(escape="pass", held=str(held)) + "time.sleep(600)"))
    await there(held.with_suffix(".ready"))
    os.kill(zygote(ref), signal.SIGKILL)
    exit = await asyncio.wait_for(ended(executor, ref), PATIENCE_S)
    assert (exit.code, exit.reason, exit.lost) == (-1, "Lost", True)
    await free(held)


async def test_a_killed_zygote_is_replaced(executor: ProcessExecutor, jobs: Jobs) -> None:
    ref = await executor.start(jobs.sleeping())
    await there(jobs.out("ready"))
    os.kill(zygote(ref), signal.SIGKILL)
    await ended(executor, ref)
    assert (await ended(executor, await executor.start(jobs.ending(3, attempt=2)))).code == 3


async def test_an_interpreter_that_cannot_work_is_not_tried_for_ever(jobs: Jobs, environments: Path) -> None:
    async with ProcessExecutor(environments, "/bin/false") as executor:
        exit = await ended(executor, await executor.start(jobs.ending(0)))
    assert (exit.reason, exit.lost) == ("WorkerFailed", False)
    assert "/bin/false cannot start tasks" in exit.message


async def test_an_interpreter_that_is_not_there_is_named(jobs: Jobs, environments: Path) -> None:
    with pytest.raises(ExecutorError, match="cannot start /no/python"):
        await ProcessExecutor(environments, "/no/python").start(jobs.ending(0))


async def test_an_attempt_that_was_given_up_cannot_start_late(executor: ProcessExecutor, jobs: Jobs) -> None:
    job = jobs.appending()
    assert (await ended(executor, str(job.folder))).reason == "Lost"
    assert (await ended(executor, await executor.start(job))).reason == "Lost"
    assert not jobs.out("made").exists()


async def test_a_number_that_another_process_has_now_is_not_taken_for_ours(executor: ProcessExecutor, jobs: Jobs) -> None:
    job = jobs.ending(0)
    job.folder.mkdir(parents=True)
    attempt_folder.claim(str(job.folder), f"{os.getpid()} 1 /nowhere")
    (job.folder / "process.0").symlink_to(str(os.getpid()))
    os.utime(job.folder / "process.0", (0, 0), follow_symlinks=False)
    assert (await ended(executor, str(job.folder))).reason == "Lost"


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="mounting a small disk takes root on Linux")
async def test_a_full_disk_has_a_name(executor: ProcessExecutor, jobs: Jobs, tmp_path: Path) -> None:
    small = tmp_path / "runs"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=5", "kflite", str(small)], check=False).returncode:  # noqa: ASYNC221
        pytest.skip("no file systems may be mounted here")
    try:
        exit = await asyncio.wait_for(ended(executor, await executor.start(jobs.ending(0))), PATIENCE_S)
        assert exit.reason == "DiskFull"
    finally:
        subprocess.run(["umount", str(small)], check=True)  # noqa: ASYNC221


def zygote(ref: str) -> int:
    return int(attempt_folder.claimed(ref)[1].split(" ")[0])
