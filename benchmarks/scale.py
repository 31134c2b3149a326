"""A large DAG against a small one: the scheduler's memory, and whether a task's cost stays the same.

`python benchmarks/scale.py [TASKS]` runs layered DAGs of 1000 and of TASKS (10,000 if not said) tasks on the process executor.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAM = """
import json, resource, sys, time
sys.path.insert(0, {here!r})
import work
from kflite import dsl
import kflite

@dsl.pipeline
def layered() -> int:
    tasks = []
    for parents in work.parents_of({tasks}):
        tasks.append(work.node(xs=[tasks[p].output for p in parents]))
    return tasks[-1].output

began = time.perf_counter()
run = kflite.run(layered, on="process", progress=False, cache=False)
wall = time.perf_counter() - began
assert run.outputs["Output"] == work.answer(work.parents_of({tasks})), run.reason
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({{"tasks": {tasks}, "ms a task": 1000 * wall / {tasks}, "scheduler MiB": peak}}))
"""


def measure(tasks: int) -> dict[str, float]:
    """What a run of so many tasks costs."""
    with tempfile.TemporaryDirectory() as home:
        code = PROGRAM.format(here=str(HERE), tasks=tasks)
        environment = os.environ | {"KFLITE_HOME": home}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(tasks: int = 10_000) -> None:
    for size in (1000, tasks, 1000):
        print({name: round(value, 2) for name, value in measure(size).items()}, f"load {os.getloadavg()[0]:.1f}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
