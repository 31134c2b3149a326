"""A store of a million events: what one more costs, and `ls` and `show` as whole processes; medians of 5.

`python benchmarks/store.py [EVENTS]` fills a SQLite file, and a PostgreSQL database of its own where KFLITE_TEST_POSTGRES names a
server (a tenth as many events). It is filled by runs of 250 tasks, in batches of ten events as a busy scheduler writes them.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from kflite import store
from kflite.core.event import Event
from kflite.core.event_kind import State
from kflite.core.run_event import RunEnded, RunStarted, RunSubmitted
from kflite.core.task_event import TaskQueued, TaskRunning, TaskStarting, TaskSucceeded
from kflite.core.value import Outputs
from kflite.store import Database

TASKS, BATCH, ROUNDS, PLAN = 250, 10, 5, "layers"
COMMANDS = (["ls"], ["ls", "--json"], ["ls", "--state", "FAILED"], ["show", "RUN"], ["show", "RUN", "--json"])


def task(run: str, name: str, at: float) -> Iterator[Event]:
    """A task's events, with parameters and a key."""
    key = f"{run}/{name}"
    yield Event(run, TaskQueued(name, parameters={"x": 1}, key=key), at + 2, name)
    yield Event(run, TaskStarting("process"), at + 3, name, 1)
    yield Event(run, TaskRunning("4711"), at + 4, name, 1)
    yield Event(run, TaskSucceeded(Outputs({"y": 1.5}), key=key, key_parts={"source": "b3:0"}), at + 5, name, 1)


def runs() -> Iterator[list[Event]]:
    """The events of one run after another; each seventh fails, the first too."""
    for n in count():
        run, at = f"run-{n:05d}-{uuid.uuid4().hex[:4]}", 1.7e9 + 10 * n
        events = [Event(run, RunSubmitted("layers", "pipeline", "layers", PLAN), at)]
        events.append(Event(run, RunStarted(), at + 1))
        for place in range(TASKS):
            events += task(run, f"task-{place}", at)
        yield [*events, Event(run, RunEnded(State.SUCCEEDED if n % 7 else State.FAILED), at + 9)]


def fill(opened: Database, wanted: int) -> Iterator[float]:
    """Microseconds that an event cost, one number for each tenth of the way; appending only, not the making of the events."""
    opened.put_plan(PLAN, "pipeline", '{"pipelineInfo": {"name": "layers"}}')
    spent = 0.0
    began, step = opened.last_seq(), max(wanted // 10, 1)
    for events in runs():
        clock = time.perf_counter()
        for start in range(0, len(events), BATCH):
            last = opened.append(events[start : start + BATCH])
        spent += time.perf_counter() - clock
        if last - began >= step or last >= wanted:
            yield 1e6 * spent / (last - began)
            spent, began = 0.0, last
        if last >= wanted:
            return


def single(opened: Database) -> float:
    """Median microseconds of an append of one event, as when nothing else happens; of a run that is the oldest."""
    opened.append([Event("single", RunSubmitted("single", "pipeline", "p", ""), 1.6e9)])
    walls = []
    for n in range(TASKS):
        for event in task("single", f"task-{n}", 1.6e9):
            clock = time.perf_counter()
            opened.append([event])
            walls.append(time.perf_counter() - clock)
    return 1e6 * statistics.median(walls)


def commands(url: str, home: str, run: str) -> None:
    """Print the wall time of each command as a process of its own; the first, which warms the disk's cache, is not counted."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"KFLITE_HOME": home, "KFLITE_STORE": url}
    for words in COMMANDS:
        walls = []
        for _ in range(ROUNDS + 1):
            clock = time.perf_counter()
            command = [sys.executable, "-m", "kflite", *(run if word == "RUN" else word for word in words)]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            walls.append(1000 * (time.perf_counter() - clock))
        assert "FAILED" in done.stdout if "FAILED" in words else run in done.stdout, done.stdout
        print(f"  kflite {' '.join(words):18} {statistics.median(walls[1:]):6.0f} ms   (worst {max(walls[1:]):.0f})", flush=True)


def measure(url: str, events: int) -> None:
    """Fill a store, then look at it."""
    opened = store.open(url)
    costs = list(fill(opened, events))
    last, run = opened.last_seq(), opened.runs(1)[0].run
    alone = single(opened)
    opened.close()
    print(f"{url.partition(':')[0]}: {last:,} events, load {os.getloadavg()[0]:.1f}")
    tenths = f"(first tenth {costs[0]:.0f}, last {costs[-1]:.0f})"
    print(f"  append, {BATCH} at once    {statistics.median(costs):6.0f} µs an event   {tenths}")
    print(f"  append, one alone     {alone:6.0f} µs an event", flush=True)
    with tempfile.TemporaryDirectory() as home:
        commands(url, home, run)


@contextmanager
def database(server: str) -> Iterator[str]:
    """The URL of a new PostgreSQL database, which is dropped afterwards."""
    import psycopg
    from psycopg import sql

    name = f"bench_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield re.sub(r"/[^/?]*(\?.*)?$", rf"/{name}\1", server)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def main(events: int = 1_000_000) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kflite.db"
        measure(f"sqlite:///{path}", events)
        print(f"  file               {path.stat().st_size / 2**20:9.0f} MiB", flush=True)
    if server := os.environ.get("KFLITE_TEST_POSTGRES"):
        with database(server) as url:
            measure(url, events // 10)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
