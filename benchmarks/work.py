"""The work that is measured, as kflite pipelines: W1 one task, W2 a chain of 50, W3 a fan of 200 and its sum, W4 a layered DAG of
1000, W5 W3 once more, from the cache, W6 50 processes, W7 100 MB through five tasks.

`python benchmarks/work.py WHICH` runs one in the current folder and prints a line `RESULT {json}`, as each peer's program does.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from typing import Any

from kflite import dsl

CHAIN, FAN, LAYERED, WIDTH, BYTES, HOPS = 50, 200, 1000, 50, 100_000_000, 5


def parents_of(tasks: int = LAYERED, width: int = WIDTH, seed: int = 7) -> list[list[int]]:
    """A layered random DAG: for each node one to three nodes of the layer before."""
    rng, parents = random.Random(seed), []
    for node in range(tasks):
        low = (node // width - 1) * width
        parents.append(sorted(rng.sample(range(low, low + width), rng.randint(1, 3))) if node >= width else [])
    return parents


@dsl.component
def inc(x: int) -> int:
    return x + 1


@dsl.component
def add(xs: list[int]) -> int:
    return sum(xs)


@dsl.component
def node(xs: list[int]) -> int:
    return (sum(xs) + 1) % 1_000_003


@dsl.component
def pid(x: int) -> int:
    import os

    return os.getpid()


@dsl.component
def distinct(xs: list[int]) -> int:
    return len(set(xs))


@dsl.component
def make(size: int, out: dsl.Output[dsl.Dataset]):
    import os

    with open(out.path, "wb") as file:
        file.write(os.urandom(size))


@dsl.component
def hop(source: dsl.Input[dsl.Dataset], out: dsl.Output[dsl.Dataset]):
    with open(source.path, "rb") as file:
        whole = file.read()
    with open(out.path, "wb") as file:
        file.write(bytes([whole[0] ^ 1]) + whole[1:])


@dsl.component
def size_of(source: dsl.Input[dsl.Dataset]) -> int:
    import os

    return os.path.getsize(source.path)


@dsl.pipeline
def one() -> int:
    return inc(x=1).output


@dsl.pipeline
def chain() -> int:
    task = inc(x=0)
    for _ in range(CHAIN - 1):
        task = inc(x=task.output)
    return task.output


@dsl.pipeline
def fan() -> int:
    with dsl.ParallelFor(list(range(FAN))) as x:
        task = inc(x=x)
    return add(xs=dsl.Collected(task.output)).output


@dsl.pipeline
def layered() -> int:
    tasks: list[Any] = []
    for parents in parents_of():
        tasks.append(node(xs=[tasks[p].output for p in parents]))
    return tasks[-1].output


@dsl.pipeline
def processes() -> int:
    with dsl.ParallelFor(list(range(50))) as x:
        task = pid(x=x)
    return distinct(xs=dsl.Collected(task.output)).output


@dsl.pipeline
def bytes_through() -> int:
    task = make(size=BYTES)
    for _ in range(HOPS - 1):
        task = hop(source=task.outputs["out"])
    return size_of(source=task.outputs["out"]).output


def answer(parents: list[list[int]]) -> int:
    """What the layered DAG gives."""
    values: list[int] = []
    for those in parents:
        values.append((sum(values[p] for p in those) + 1) % 1_000_003)
    return values[-1]


WORKS = {
    "W1": (one, 2, 1),
    "W2": (chain, CHAIN, CHAIN),
    "W3": (fan, FAN * (FAN + 1) // 2, FAN + 1),
    "W4": (layered, answer(parents_of()), LAYERED),
    "W5": (fan, FAN * (FAN + 1) // 2, FAN + 1),
    "W6": (processes, 50, 51),
    "W7": (bytes_through, BYTES, HOPS + 1),
}


def main(which: str) -> None:
    import kflite

    pipeline, expected, tasks = WORKS[which]
    os.environ.setdefault("KFLITE_HOME", os.path.join(os.getcwd(), "home"))
    began = time.perf_counter()
    run = kflite.run(pipeline, on="process", progress=False)
    inner = time.perf_counter() - began
    found = run.outputs["Output"]
    print("RESULT " + json.dumps({"inner": inner, "tasks": tasks, "ok": found == expected, "got": found}))


if __name__ == "__main__":
    if sys.argv[1] == "list":
        print(json.dumps(sorted(WORKS)))
    else:
        main(sys.argv[1])
