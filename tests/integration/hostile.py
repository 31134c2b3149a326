"""Pipelines that behave badly, and what is asked of the machine after they ran."""

from __future__ import annotations

import json
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from integration.cli import Cli

from kflite import store

GONE_S = 30.0

TASKS = """
import typing

from kflite import dsl


@dsl.component
def daemonise(file: str):
    import os, signal, time

    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.chdir("/")
            nowhere = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(nowhere, stream)
            open(file, "w").close()
            while True:
                time.sleep(0.1)
        os._exit(0)
    while not os.path.exists(file):
        time.sleep(0.005)


@dsl.component
def hold(file: str):
    import os, signal, time

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for _ in range(3):
        os.fork()
    open(file, "w").close()
    while True:
        time.sleep(0.1)


@dsl.component
def shout(megabytes: int):
    import sys

    for _ in range(megabytes):
        sys.stdout.buffer.write((b"x" * 1023 + b"\\n") * 1024)


@dsl.component
def mumble():
    import os

    os.write(1, bytes(range(256)) + b"\\n\\xff\\xfe\\x1b[2J\\x1b]0;title\\x07")
    raise ValueError("bad \\udcff \\x1b[2J \\x00 \\u202e \\u2028 end")


@dsl.component
def eat():
    held = []
    while True:
        held.append(bytearray(8_000_000))


@dsl.component
def leave(status: int):
    import os

    os._exit(status)


@dsl.component
def die(number: int):
    import os

    os.kill(os.getpid(), number)


@dsl.component
def mute():
    import os, sys

    sys.stdout.close()
    sys.stderr.close()
    os.close(0), os.close(1), os.close(2)


@dsl.component
def lie() -> int:
    return "three"  # type: ignore


@dsl.component
def shorten() -> typing.NamedTuple("Two", [("a", int), ("b", int)]):
    return (1,)


@dsl.component
def unserialisable() -> dict:
    return {"a": object()}


@dsl.component
def keep_nothing(data: dsl.Output[dsl.Dataset]):
    pass


@dsl.component
def size(data: dsl.Input[dsl.Dataset]) -> int:
    return len(open(data.path).read())


@dsl.component
def much() -> str:
    return "x" * 5_000_000


@dsl.component
def length(text: str) -> int:
    return len(text)


@dsl.component
def burn() -> int:
    import os, shutil

    shutil.rmtree(os.path.dirname(os.getcwd()))
    return 3


@dsl.component
def wander(data: dsl.Output[dsl.Dataset]) -> int:
    import os

    os.chdir("/")
    with open(data.path, "w") as file:
        file.write("here")
    return 3


@dsl.component
def orphan_itself():
    import os, signal, time

    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(10)


@dsl.pipeline
def unwritten():
    size(data=keep_nothing().outputs["data"])


@dsl.pipeline
def heavy() -> int:
    return length(text=much().output).output


@dsl.pipeline
def greedy():
    eat().set_memory_limit("100Mi")
"""

# Each execution of a task is a line in the ledger.
LEDGER = """
from kflite import dsl


@dsl.component
def step(i: int, ledger: str, seconds: float) -> int:
    import os, time

    handle = os.open(ledger, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    os.write(handle, (os.environ["KFLITE_JOB"].partition("/")[2] + "\\n").encode())
    time.sleep(seconds)
    return i + 1


@dsl.pipeline
def chain(ledger: str, seconds: float = 0.0) -> int:
    done = step(i=0, ledger=ledger, seconds=seconds)
    for _ in range(LENGTH - 1):
        done = step(i=done.output, ledger=ledger, seconds=seconds)
    return done.output
"""


def with_tasks(folder: Path) -> Cli:
    """The command line in a folder with `bad.py`, of the pipelines above."""
    cli = Cli.at(folder)
    (folder / "bad.py").write_text(TASKS)
    return cli


def with_chain(folder: Path, length: int) -> Cli:
    """The command line in a folder with `chain.py`, whose pipeline has so many steps one after another."""
    cli = Cli.at(folder)
    (folder / "chain.py").write_text(LEDGER.replace("LENGTH", str(length)))
    return cli


def executions(ledger: Path) -> Counter[str]:
    """How often each task ran."""
    return Counter(ledger.read_text().splitlines()) if ledger.exists() else Counter()


def newest(cli: Cli) -> str:
    """The id of the newest run."""
    return str(runs(cli)[0]["run"])


def runs(cli: Cli) -> list[dict[str, object]]:
    """All runs, the newest first."""
    listed = json.loads(cli("ls", "--json"))
    assert isinstance(listed, list)
    return listed


def processes(cli: Cli) -> list[str]:
    """Processes that kflite started for this home, also those that have left their group or session; Linux only."""
    mark = f"KFLITE_HOME={cli.environment['KFLITE_HOME']}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if mark in environment and command:
            found.append(f"{folder.name} {command}")
    return found


def nothing_is_stored(cli: Cli) -> None:
    """Check that there is no run, and no folder of one."""
    home = Path(cli.environment["KFLITE_HOME"])
    with closing(store.open(f"sqlite:///{home / 'kflite.db'}")) as opened:
        assert opened.runs() == []
    assert not (home / "runs").exists()


def nothing_is_left(cli: Cli) -> None:
    """Check that all processes end, those that see their scheduler go included."""
    deadline = time.monotonic() + GONE_S
    while left := processes(cli):
        assert time.monotonic() < deadline, left
        time.sleep(0.02)
