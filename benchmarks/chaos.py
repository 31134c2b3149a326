"""`kill -9` of the scheduler at random, again and again: `python benchmarks/chaos.py [SECONDS]`, 300 if not said.

A pipeline of slow and quick tasks is run; its scheduler is killed after a random time, and so is the next, which goes on.
In the end every task must have succeeded, and none may have run twice: each writes a line when it does.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from kflite.client import Client

CHAOS = Path(__file__).parent.parent / "tests" / "chaos"
NEVER = "1000000"
TASKS = 7


def life(home: Path, ledger: Path, rng: random.Random) -> int:
    """One run, through as many schedulers as it takes; returns how many were killed."""
    command = [sys.executable, str(CHAOS / "victim.py"), str(home), str(ledger), NEVER]
    resume = [sys.executable, "-m", "kflite", "resume"]
    killed = 0
    while True:
        victim = subprocess.Popen(command, env=os.environ | {"KFLITE_HOME": str(home)}, stdout=subprocess.DEVNULL)
        try:
            if victim.wait(rng.uniform(0.05, 0.6)) == 0:
                return killed
        except subprocess.TimeoutExpired:
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            killed += 1
        command = resume if submitted(home) else command


def submitted(home: Path) -> bool:
    return asyncio.run(_count(home)) > 0


async def _count(home: Path) -> int:
    async with Client(home=str(home), on="process") as client:
        return len(await client.runs())


async def states(home: Path) -> list[str]:
    async with Client(home=str(home), on="process") as client:
        return [run.state.value for run in await client.runs()]


def main(seconds: float = 300.0, seed: int = 0) -> int:
    rng, until, runs, kills, bad = random.Random(seed), time.monotonic() + seconds, 0, 0, 0
    while time.monotonic() < until:
        with tempfile.TemporaryDirectory() as folder:
            home, ledger = Path(folder, "home"), Path(folder, "ledger")
            kills += life(home, ledger, rng)
            runs += 1
            done = Counter(ledger.read_text().splitlines())
            found = asyncio.run(states(home))
            if found != ["SUCCEEDED"] or len(done) != TASKS or max(done.values()) > 1:
                bad += 1
                print(f"run {runs}: {found}, executions {dict(done)}", flush=True)
    print(f"{runs} runs, {kills} schedulers killed, {bad} runs that lost or repeated work")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main(*map(float, sys.argv[1:])))
