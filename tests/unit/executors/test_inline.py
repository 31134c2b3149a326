from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from contract.jobs import Jobs

from kflite.core.job import Exit, Job, Python, Role
from kflite.errors import ExecutorError
from kflite.executors.base import ended
from kflite.executors.inline import InlineExecutor

pytestmark = pytest.mark.anyio


async def run(job: Job) -> Exit:
    async with InlineExecutor() as executor:
        return await ended(executor, await executor.start(job))


def test_a_debugger_has_the_terminal(jobs: Jobs) -> None:
    job = f"jobs.python({'secret = 21' + chr(10) + 'breakpoint()' + chr(10) + 'print(secret)'!r})"
    shown = in_terminal(jobs, job, "p secret * 2\nsecret = 7\nc\n")
    assert "(Pdb) " in shown
    assert "42\r\n" in shown
    assert shown.endswith("7\r\nended 0\r\n")


def test_a_debugger_lists_a_components_source(jobs: Jobs) -> None:
    source = "def f():\n    x = 1\n    breakpoint()\n    return x\n"
    runner = f"exec(compile({source!r}, '<component f>', 'exec')); f()"
    shown = in_terminal(jobs, f"jobs.python({runner!r}, {source!r}, '--function', 'f')", "l\nc\n")
    assert "4  ->\t    return x" in shown


def in_terminal(jobs: Jobs, job: str, typed: str) -> str:
    """What a terminal shows while a job runs inline in it."""
    path = os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])
    ours, its = pty.openpty()
    program = [sys.executable, "-c", IN_TERMINAL.format(root=str(jobs.root), job=job)]
    with subprocess.Popen(program, stdin=its, stdout=its, stderr=its, env={**os.environ, "PYTHONPATH": path}):
        os.close(its)
        os.write(ours, typed.encode())
        shown = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    return shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux says so when the other end is closed
        return b""


IN_TERMINAL = """
import asyncio
from pathlib import Path
from contract.jobs import Jobs
from kflite.executors.base import ended
from kflite.executors.inline import InlineExecutor

async def main():
    jobs = Jobs(Path({root!r}))
    async with InlineExecutor() as executor:
        exit = await ended(executor, await executor.start({job}))
        print("ended", exit.code)

asyncio.run(main())
"""


async def test_what_it_prints_is_shown_and_kept(jobs: Jobs, capsys: pytest.CaptureFixture[str]) -> None:
    job = jobs.python("import sys; print('out'); print('err', file=sys.stderr)")
    await run(job)
    assert capsys.readouterr() == ("out\n", "err\n")
    assert (job.folder / "log").read_text() == "out\nerr\n"


async def test_all_is_put_back_afterwards(jobs: Jobs) -> None:
    before = (
        dict(os.environ),
        Path.cwd(),
        sys.argv,
        list(sys.path),
        sys.modules["__main__"],
        sys.stdout,
        signal.getsignal(signal.SIGINT),
    )
    text = "import os, sys; os.chdir('/'); os.environ['X'] = '1'; sys.path.append('x'); sys.exit(3)"
    assert (await run(jobs.python(text))).code == 3
    after = (
        dict(os.environ),
        Path.cwd(),
        sys.argv,
        list(sys.path),
        sys.modules["__main__"],
        sys.stdout,
        signal.getsignal(signal.SIGINT),
    )
    assert after == before


async def test_a_component_may_run_an_event_loop(jobs: Jobs) -> None:
    assert await run(jobs.python("import asyncio; asyncio.run(asyncio.sleep(0))")) == Exit(0)


async def test_ctrl_c_ends_the_job_and_reaches_the_scheduler(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number))
    try:
        exit = await run(jobs.python("import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(60)"))
    finally:
        signal.signal(signal.SIGINT, before)
    assert (exit.code, exit.reason, heard) == (-2, "Interrupted", [signal.SIGINT])


async def test_stop_drops_what_has_not_begun(jobs: Jobs) -> None:
    async with InlineExecutor() as executor:
        ref = await executor.start(jobs.appending())
        await executor.stop(ref, 1)
        assert (await ended(executor, ref)).reason == "Stopped"
    assert not jobs.out("made").exists()


@pytest.mark.parametrize(
    ("role", "reason", "remedy"),
    [
        (Role(command=("true",)), "NotPython", "--on docker"),
        (Role(python=Python("", ()), replicas=2), "NotOne", "--on process"),
        (Role(python=Python("", (), ("no-such-package",))), "PackagesMissing", "pip install no-such-package"),
    ],
)
async def test_what_it_cannot_run_it_refuses(jobs: Jobs, role: Role, reason: str, remedy: str) -> None:
    with pytest.raises(ExecutorError, match=remedy) as raised:
        await InlineExecutor().start(jobs.job(role))
    assert raised.value.reason == reason
