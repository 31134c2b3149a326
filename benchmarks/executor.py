"""What a task costs on the process executor alone: python benchmarks/executor.py [TASKS]

Prints wall milliseconds a task for one, two and eight at once, with code that does nothing and with kflite's runner around a
component that does nothing; before that what a fork of this process costs, to tell how busy the machine is.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from kflite.core.job import Job, Python, Resources, Role
from kflite.executors.base import ended
from kflite.executors.process import ProcessExecutor
from kflite.runtime.bootstrap import runner_text

SOURCE = "from __future__ import annotations\n\ndef same(x: int) -> int:\n    return x\n"
ROUNDS = 3


def job(root: Path, name: str, component: bool) -> Job:
    """A job that does nothing, as bare code or as a component."""
    folder = root / "runs" / name / "1"
    given = {"inputs": {"parameterValues": {"x": 1}}, "outputs": {"outputFile": str(folder / "executor_output.json")}}
    signature = json.dumps({"outputs": {"Output": "int"}})
    argv = (SOURCE, "--function", "same", "--executor-input", json.dumps(given), "--signature", signature)
    role = Role(python=Python(runner_text(), argv) if component else Python("pass", ()))
    return Job(f"bench/{name}", 1, (role,), folder, outputs=(root / "artifacts" / name / "Output",))


async def measure(tasks: int, at_once: int, run: Callable[[int], Awaitable[None]]) -> float:
    """Wall milliseconds a task."""
    slots = asyncio.Semaphore(at_once)

    async def one(number: int) -> None:
        async with slots:
            await run(number)

    began = time.perf_counter()
    await asyncio.gather(*map(one, range(tasks)))
    return (time.perf_counter() - began) / tasks * 1000


def floor(tasks: int) -> float:
    """Milliseconds for a fork and its end."""
    began = time.perf_counter()
    for _ in range(tasks):
        pid = os.fork()
        if not pid:
            os._exit(0)
        os.waitpid(pid, 0)
    return (time.perf_counter() - began) / tasks * 1000


async def main(tasks: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        async with ProcessExecutor(Path(folder, "environments"), capacity=Resources(8.0)) as executor:
            for number in range(ROUNDS):
                for component in (False, True):
                    line = []
                    for at_once in (1, 2, 8):

                        async def run(task: int, tag: str = f"{number}-{component}-{at_once}", real: bool = component) -> None:
                            exit = await ended(executor, await executor.start(job(Path(folder), f"{tag}-{task}", real)))
                            assert exit.code == 0, exit

                        line.append(f"{at_once} at once {await measure(tasks, at_once, run):5.2f}")
                    print("component" if component else "nothing  ", "  ".join(line), "ms a task", flush=True)


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(f"fork and exit of this process {floor(count):5.2f} ms")
    asyncio.run(main(count))
