"""Programs that have a store open beside the test, and can be killed where they are."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kflite.store import Database

SOON_S = 30.0
OPENED = """
import asyncio, os, sys
from kflite import store
from kflite.core.event import Event
from kflite.core.event_kind import State
from kflite.core.run_event import RunEnded, RunSubmitted
from kflite.core.task_event import TaskQueued, TaskStarting, TaskSucceeded
opened = store.open(sys.argv[1])
print("ready", flush=True)
"""
WRITER = (
    OPENED
    + """
sys.stdin.readline()
name, count = sys.argv[2], int(sys.argv[3])
for n in range(count):
    task = f"{name}{n}"
    opened.append([Event("a", TaskQueued(task), 1.0, task), Event("a", TaskStarting("process"), 2.0, task, 1)])
    print(n, flush=True)
"""
)
# Writes whole batches, and then half of one: it stops where so many statements of it have been sent.
HALFWAY = (
    OPENED
    + """
def made(task):
    starting = Event("a", TaskStarting("process"), 2.0, task, 1)
    return [Event("a", TaskQueued(task), 1.0, task), starting, Event("a", TaskSucceeded(key=task), 3.0, task, 1)]
opened.append(made("whole"))
execute, left = opened.connection.execute, int(sys.argv[2])
def executing(sql, values=()):
    global left
    execute(sql, values)
    left -= 1
    if not left:
        print("halfway", flush=True)
        sys.stdin.readline()
opened.connection.execute = executing
opened.append(made("half"))
"""
)
FOLLOWER = (
    OPENED
    + """
from kflite.store import follow
follow.POLL_S = 1000.0
events = opened.events
def looking(run, after):
    found = events(run, after)
    print(*(event.task for event in found) if found else ["nothing"], flush=True)
    return found
opened.events = looking
async def main():
    async for batch in follow.follow(opened, "a", after=1):
        pass
asyncio.run(main())
"""
)
SCHEDULER = (
    OPENED
    + """
sys.stdin.readline()
run, owner = sys.argv[2], store.owner_id()
opened.append([Event(run, RunSubmitted(run, "dag", "p", ""), 1.0)], owner)
for n in range(int(sys.argv[3])):
    opened.append([Event(run, TaskQueued("t"), 2.0, f"t{n}")], owner)
    opened.renew_leases(owner, 3.0, 10.0)
opened.append([Event(run, RunEnded(State.SUCCEEDED), 4.0)], owner)
"""
)
OWNER = (
    OPENED
    + """
opened.append([Event("b", RunSubmitted("b", "dag", "p", ""), float(sys.argv[2]))], store.owner_id())
print("owns", flush=True)
sys.stdin.readline()
"""
)


@dataclass(frozen=True, slots=True)
class Other:
    """Another process that has opened the store. It is killed when it takes too long, so that no line is waited for in vain."""

    process: subprocess.Popen[str]

    def says(self) -> str:
        """The next line that it prints."""
        assert self.process.stdout
        return self.process.stdout.readline().rstrip("\n")

    def go(self) -> None:
        """Let it go on."""
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """`kill -9`; it is gone afterwards."""
        self.process.kill()
        self.process.communicate()

    def ends(self) -> int:
        """Its exit status, once it has come to its end."""
        self.process.communicate()
        return self.process.returncode


Start = Callable[..., Other]


@contextmanager
def others() -> Iterator[Start]:
    """Gives what starts a program beside this one, with a store's URL and more words; it returns once it has opened the store."""
    processes: list[subprocess.Popen[str]] = []
    timers: list[threading.Timer] = []

    def start(program: str, *words: object) -> Other:
        command = [sys.executable, "-c", program, *map(str, words)]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        processes.append(process)
        timers.append(threading.Timer(SOON_S, process.kill))
        timers[-1].start()
        other = Other(process)
        assert other.says() == "ready"
        return other

    yield start
    for timer, process in zip(timers, processes, strict=True):
        timer.cancel()
        process.kill()
        process.communicate()


def sound(opened: Database) -> None:
    """What is in a file is what SQLite expects there; a server sees to that by itself."""
    if opened.url.startswith("sqlite"):
        assert list(opened.connection.rows("PRAGMA integrity_check")) == [("ok",)]
        assert list(opened.connection.rows("PRAGMA foreign_key_check")) == []
