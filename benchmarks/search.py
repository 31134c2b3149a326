"""Searches among 100,000 runs: milliseconds for a page of 20, the best of five, and one as a whole process.

`python benchmarks/search.py [RUNS]` fills a SQLite file, and a PostgreSQL database of its own where KFLITE_TEST_POSTGRES names a
server. Searches marked `*` have an index that finds few runs: they are to take less than 200 ms, else the exit status is 1.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent))

from store import database  # isort: skip

from kflite import store
from kflite.core.event import Event
from kflite.core.event_kind import State
from kflite.core.run_event import RunEnded, RunStarted, RunSubmitted, SubmittedOptions
from kflite.core.task_event import TaskQueued, TaskStarting, TaskSucceeded
from kflite.core.value import Outputs
from kflite.store import Database
from kflite.store.base import Query

LIMIT_MS, AT_ONCE, ROUNDS = 200.0, 1000, 5
SEARCHES = (
    Query(),
    Query("state=FAILED"),
    Query("name~digits"),
    Query("* param.n=7"),
    Query("* param.n=7 state=FAILED"),
    Query("* param.c>0.9999"),
    Query("* label.team=z"),
    Query("* metric.accuracy>0.999"),
    Query("* metric.fit/accuracy>0.999 or param.n=7"),
    Query("* experiment=tune param.n=7 label.team=a created>2020-01-01"),
    Query("param.c>0.3"),
    Query("not param.c>0.3"),
    Query("name=nothing"),
    Query("duration>10"),
    Query(sort="metric.accuracy"),
    Query("state=FAILED", sort="metric.accuracy"),
    Query(sort="name", after="run-050000"),
    Query(after="run-050000"),
)


def events(random: Random, number: int) -> Iterator[Event]:
    """A run of one task, with parameters, labels and a metric."""
    run, at = f"run-{number:06d}", 1.7e9 + number
    name, experiment = random.choice(["digits", "iris"]), random.choice(["", "tune", "x"])
    parameters = {"c": random.random(), "n": number % 1000, "text": "abc"}
    options = SubmittedOptions(labels={"team": random.choice("abc")})
    submitted = RunSubmitted(name, "pipeline", "p", "", parameters, options=options, experiment=experiment)
    yield Event(run, submitted, at)
    yield Event(run, RunStarted(), at + 1)
    yield Event(run, TaskQueued("fit"), at + 2, "fit")
    yield Event(run, TaskStarting("process"), at + 3, "fit", 1)
    yield Event(run, TaskSucceeded(Outputs({"accuracy": random.random()})), at + 4, "fit", 1)
    yield Event(run, RunEnded(State.SUCCEEDED if number % 7 else State.FAILED), at + 9)


def fill(opened: Database, runs: int) -> None:
    random = Random(0)
    for first in range(0, runs, AT_ONCE):
        opened.append([event for number in range(first, min(first + AT_ONCE, runs)) for event in events(random, number)])


def milliseconds(opened: Database, query: Query) -> float:
    """The best of some."""
    walls = []
    for _ in range(ROUNDS):
        clock = time.perf_counter()
        opened.search(query)
        walls.append(1000 * (time.perf_counter() - clock))
    return min(walls)


def measure(url: str, runs: int) -> bool:
    """Print what each search takes; returns whether those with an index are within the limit."""
    opened, sound = store.open(url), True
    fill(opened, runs)
    if url.startswith("postgresql"):
        opened.connection.rows("ANALYZE")  # as the server does by itself after a while
    print(f"{url.partition(':')[0]}: {runs:,} runs, load {os.getloadavg()[0]:.1f}")
    for query in SEARCHES:
        where, indexed = query.where.removeprefix("* "), query.where.startswith("* ")
        wall = milliseconds(opened, Query(where, sort=query.sort, after=query.after, limit=20))
        sound = sound and not (indexed and wall > LIMIT_MS)
        more = f"  --sort {query.sort}" * (query.sort != "created") + f"  --after {query.after}" * bool(query.after)
        print(f"  {wall:7.1f} ms {'*' if indexed else ' '} {where or 'all'}{more}", flush=True)
    opened.close()
    clock = time.perf_counter()
    command = [sys.executable, "-m", "kflite", "--store", url, "ls", "--where", "param.n=7 state=FAILED"]
    subprocess.run(command, check=True, capture_output=True)
    print(f"  {1000 * (time.perf_counter() - clock):7.1f} ms   kflite ls --where 'param.n=7 state=FAILED', a process", flush=True)
    return sound


def main(runs: int = 100_000) -> int:
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        sound = measure(f"sqlite:///{folder}/kflite.db", runs)
        if server := os.environ.get("KFLITE_TEST_POSTGRES"):
            sound = measure(stack.enter_context(database(server)), runs) and sound
    return int(not sound)


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:])))
