"""`kill -9` of the scheduler at every point between what it decides, stores and does; another one goes on."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from kflite.client import Client
from kflite.core.event_kind import State

HERE = Path(__file__).parent
# How many points the pipeline's turns have; the test says so when they are others.
FEWEST_POINTS, MOST_POINTS = 12, 120


def killed(home: Path, ledger: Path, point: int) -> bool:
    """Run the victim; whether it got as far as the point."""
    command = [sys.executable, str(HERE / "victim.py"), str(home), str(ledger), str(point)]
    status = subprocess.run(command, timeout=60, check=False).returncode
    assert status in (0, -signal.SIGKILL)
    return status != 0


async def gone_on(home: Path) -> list[tuple[State, dict[str, State]]]:
    """What the runs end as, once another scheduler has seen to them."""
    async with Client(home=str(home), on="process") as client:
        await client.resume_all()
        runs = await client.runs()
        states = [await asyncio.wait_for(client.ended(run.id), 60) for run in runs]
        return [(s, {t.task: t.state for t in client.session.store.tasks(r.id)}) for s, r in zip(states, runs, strict=True)]


def executions(ledger: Path) -> Counter[str]:
    return Counter(ledger.read_text().splitlines()) if ledger.exists() else Counter()


@pytest.mark.parametrize("start", range(1, 7))
def test_nothing_is_lost_or_done_twice_wherever_the_scheduler_is_killed(start: int, tmp_path: Path) -> None:
    point = start
    while killed(home := tmp_path / f"home-{point}", ledger := tmp_path / f"ledger-{point}", point):
        ends = asyncio.run(gone_on(home))
        for state, tasks in ends:
            assert (state, set(tasks.values())) == (State.SUCCEEDED, {State.SUCCEEDED}), f"killed at point {point}"
        done = executions(ledger)
        assert max(done.values(), default=1) == 1, f"killed at point {point}, these ran twice: {done}"
        assert len(done) == (7 if ends else 0), f"killed at point {point}: {done}"
        point += 6
        assert point < MOST_POINTS, "the pipeline has more points than the test expects"
    assert point > FEWEST_POINTS, "the hook was not reached"
