"""Code that is run by a fork ends, prints and sees what it would as `python -u -c`."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from contract.jobs import Jobs

from kflite.core.job import Exit, Job
from kflite.executors.base import ended
from kflite.executors.process import ProcessExecutor

pytestmark = pytest.mark.anyio


async def run(executor: ProcessExecutor, job: Job) -> tuple[Exit, str]:
    exit = await ended(executor, await executor.start(job))
    return exit, (job.folder / "log").read_text()


PYTEST = {"COLUMNS", "LINES", "PYTEST_CURRENT_TEST"}  # these come and go

ENDINGS = {
    "nothing": "pass",
    "exit none": "import sys; sys.exit()",
    "exit number": "import sys; sys.exit(7)",
    "exit large number": "import sys; sys.exit(258)",
    "exit text": "import sys; sys.exit('no luck')",
    "exit false": "raise SystemExit(False)",
    "exception": "def f(): raise KeyError('k')\nf()",
    "chained": "try:\n    1/0\nexcept ZeroDivisionError as e:\n    raise ValueError('x') from e",
    "thread": "import threading, time\nthreading.Thread(target=lambda: (time.sleep(.05), print('late'))).start()",
    "atexit": "import atexit\natexit.register(print, 'bye')\nprint('hi')",
    "interrupt": "raise KeyboardInterrupt",
    "os exit": "import os; os._exit(9)",
    "excepthook": "import sys\nsys.excepthook = lambda *a: print('hooked')\n1/0",
    "main": "import __main__\nx = 1\nprint(__main__.x, __name__, sorted(n for n in dir() if n[0] != '_'))",
    "path": "import sys; print(repr(sys.path[0]), sys.argv)",
    "pickle": "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))).__name__)",
    "surrogate": r"print('\udc80')",
    "fork": "import multiprocessing as m\nwith m.get_context('fork').Pool(2) as p: print(p.map(abs, [-1, -2]))",
    "asyncio": "import asyncio\nprint(asyncio.run(asyncio.sleep(0, 'slept')))",
    "subprocess": "import subprocess\nprint(subprocess.run(['sh', '-c', 'echo out; exit 3'], capture_output=True))",
    "random": "import random, uuid, tempfile\nprint(len({random.random(), random.random()}))",
}


@pytest.mark.parametrize("name", ENDINGS)
async def test_it_ends_as_the_interpreter_does(executor: ProcessExecutor, jobs: Jobs, name: str) -> None:
    there = subprocess.run([sys.executable, "-u", "-c", ENDINGS[name]], stdout=-1, stderr=-2, check=False)  # noqa: ASYNC221
    job = jobs.python(ENDINGS[name])
    exit = await ended(executor, await executor.start(job))
    assert (exit.code, (job.folder / "log").read_bytes()) == (there.returncode, there.stdout)


async def test_its_environment_is_the_schedulers_and_what_it_is_told(executor: ProcessExecutor, jobs: Jobs) -> None:
    _, log = await run(executor, jobs.python("import json, os; print(json.dumps(dict(os.environ)))"))
    added = set(json.loads(log)) - set(os.environ)
    assert {name for name in added if not name.startswith("KFLITE_")} <= {"KFP_RETRY_INDEX", *PYTEST}
    assert set(os.environ) <= set(json.loads(log))


async def test_it_holds_no_descriptors_of_its_zygote_but_the_pipe_for_notes(executor: ProcessExecutor, jobs: Jobs) -> None:
    _, log = await run(
        executor, jobs.python("import subprocess; subprocess.run(['ls', '-l', f'/proc/{__import__(\"os\").getpid()}/fd'])")
    )
    held = [line.split(" -> ")[1].split(":")[0] for line in log.splitlines() if " -> " in line]
    assert {Path(name).name for name in held} == {"log", "null", "pipe"}


async def test_a_command_holds_no_descriptors_but_the_standard_ones(executor: ProcessExecutor, jobs: Jobs) -> None:
    _, log = await run(executor, jobs.shell("ls /proc/$$/fd"))
    assert log.split() == ["0", "1", "2"]


async def test_the_zygotes_modules_are_not_the_tasks(executor: ProcessExecutor, jobs: Jobs) -> None:
    _, log = await run(executor, jobs.python("import sys; print([name for name in sys.modules if 'kflite' in name])"))
    assert log == "[]\n"


async def test_it_leads_its_own_session(executor: ProcessExecutor, jobs: Jobs) -> None:
    _, log = await run(executor, jobs.python("import os; print(os.getpid() == os.getsid(0) == os.getpgid(0))"))
    assert log == "True\n"


async def test_signals_are_as_a_program_finds_them(executor: ProcessExecutor, jobs: Jobs) -> None:
    _, log = await run(executor, jobs.shell("cat /proc/self/status"))
    assert signals(log) == signals(of_a_program())


def of_a_program() -> str:
    return subprocess.run(["cat", "/proc/self/status"], capture_output=True, text=True, check=True).stdout


def signals(status: str) -> list[str]:
    return [line for line in status.splitlines() if line.startswith(("SigBlk", "SigIgn", "SigCgt"))]


async def test_memory_that_ran_out_can_still_be_reported(executor: ProcessExecutor, jobs: Jobs) -> None:
    text = "held = []\nwhile True: held.append(bytes(100_000))"
    exit, log = await run(executor, jobs.limited(jobs.python(text), 64 << 20))
    assert (exit.code, exit.reason, exit.message) == (137, "OutOfMemory", "memory ran out; the limit is 64 MiB")
    assert log.endswith("MemoryError\n")


async def test_a_command_that_eats_its_memory_is_named_too(executor: ProcessExecutor, jobs: Jobs) -> None:
    code = "held = []\nwhile True: held.append(b'x' * 100_000)"
    exit, _ = await run(executor, jobs.limited(jobs.shell(shlex.join([sys.executable, "-c", code])), 64 << 20))
    assert (exit.code, exit.reason) == (1, "OutOfMemory")


async def test_a_file_where_a_folder_must_be_is_named(executor: ProcessExecutor, jobs: Jobs) -> None:
    (jobs.root / "runs").touch()
    exit = await ended(executor, await executor.start(jobs.ending(0)))
    assert exit.reason == "StartFailed"
    assert str(jobs.root / "runs") in exit.message


async def test_a_thousand_tasks_do_not_make_the_zygote_grow(executor: ProcessExecutor, jobs: Jobs) -> None:
    async def size() -> int:
        _, log = await run(
            executor, jobs.python("import gc; print(len(gc.get_objects()) + gc.get_freeze_count())", task=f"size{count}")
        )
        return int(log)

    count = 0
    before = await size()
    for count in range(1, 101):
        await run(executor, jobs.ending(count % 3, task=f"t{count}"))
    assert await size() - before < 100
