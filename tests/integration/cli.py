"""The command line as a subprocess, and small pipelines to give it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST_S = 60.0

PIPELINES = """
from kflite import dsl


@dsl.component
def double(n: int) -> int:
    print("doubling", n)
    return 2 * n


@dsl.component
def write(n: int, text: dsl.Output[dsl.Dataset]):
    with open(text.path, "w") as file:
        file.write("x" * n)


@dsl.component
def size(text: dsl.Input[dsl.Dataset]) -> int:
    with open(text.path) as file:
        return len(file.read())


@dsl.component
def fail(n: int) -> int:
    print("about to fail")
    raise ValueError(f"no {n}")


@dsl.component
def wait(file: str):
    import os, time

    open(file, "w").close()
    while not os.path.exists(file + ".go"):
        time.sleep(0.01)


@dsl.component
def deaf(file: str):
    import signal, time

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    open(file, "w").close()
    while True:
        time.sleep(0.01)


@dsl.component
def brittle(file: str) -> int:
    import os

    assert os.path.exists(file), "the file is not there yet"
    return 1


@dsl.pipeline
def sound(n: int = 3) -> int:
    doubled = double(n=n)
    written = write(n=doubled.output)
    return size(text=written.outputs["text"]).output


@dsl.pipeline
def broken(n: int = 3):
    double(n=n)
    fail(n=n)


@dsl.pipeline
def waiting(file: str):
    wait(file=file)


@dsl.pipeline
def stubborn(file: str):
    deaf(file=file)


@dsl.pipeline
def later(file: str, n: int = 3) -> int:
    doubled = double(n=n)
    late = brittle(file=file).after(doubled)
    return late.output


@dsl.pipeline
def loop():
    with dsl.ParallelFor([1, 2, 3]) as n:
        double(n=n)


@dsl.component
def square(c: float) -> float:
    return -((c - 2) ** 2)


@dsl.pipeline
def measured(c: float) -> float:
    return square(c=c).output
"""


@dataclass(frozen=True)
class Cli:
    """Runs kflite in a folder with `p.py` in it, and a home of its own."""

    folder: Path
    environment: dict[str, str]

    @classmethod
    def at(cls, folder: Path) -> Cli:
        """The command line in a fresh folder."""
        (folder / "p.py").write_text(PIPELINES)
        return cls(folder, {**os.environ, "PYTHONPATH": str(ROOT), "KFLITE_HOME": str(folder / "home"), "COLUMNS": "200"})

    def __call__(self, *arguments: str, status: int = 0) -> str:
        """Run to the end, check the exit status; returns standard output."""
        return self.full(*arguments, status=status).stdout

    def full(self, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        """As a call, with standard error too."""
        done = self._ended(*arguments)
        assert done.returncode == status, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def doctor(self) -> list[dict[str, str]]:
        """What the doctor finds; its exit status says whether something is wrong here, as on a disk that is almost full."""
        done = self._ended("doctor", "--json")
        findings: list[dict[str, str]] = json.loads(done.stdout)
        assert done.returncode == int(any(finding["state"] == "wrong" for finding in findings)), done.stderr
        return findings

    def _ended(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "kflite", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )

    def json(self, *arguments: str, status: int = 0) -> dict[str, object]:
        """Run with --json; returns the object."""
        held = json.loads(self(*arguments, "--json", status=status))
        assert isinstance(held, dict)
        return held

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Run beside the test."""
        return subprocess.Popen(
            [sys.executable, "-m", "kflite", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for(self, path: Path, process: subprocess.Popen[str] | None = None) -> None:
        """Wait until a file is there."""
        import time

        deadline = time.monotonic() + LONGEST_S
        while not path.exists():
            ended = process and process.poll() is not None
            assert not ended, process.communicate()
            assert time.monotonic() < deadline, f"{path} did not come"
            time.sleep(0.005)


def interrupt(process: subprocess.Popen[str], number: int = signal.SIGINT) -> None:
    """What Ctrl-C does to one process."""
    process.send_signal(number)


def tasks(shown: dict[str, object]) -> dict[str, dict[str, object]]:
    """The tasks of a run's JSON by name."""
    listed = shown["tasks"]
    assert isinstance(listed, list)
    return {task["name"]: task for task in listed}
