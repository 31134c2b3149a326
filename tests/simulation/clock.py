"""An event loop with simulated time: when nothing is ready it jumps to the next timer. Nothing sleeps or depends on the load."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")


class Deadlock(Exception):
    """Nothing is ready and no timer is set: somebody waits for ever."""


class _Selector(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Deadlock
        self.now += max(timeout, 0.0)
        return []


class SimulatedLoop(asyncio.SelectorEventLoop):
    """Starts at `start` seconds. Threads and file descriptors are not part of the simulation."""

    def __init__(self, start: float = 1_000_000.0) -> None:
        self._simulated = _Selector()
        self._simulated.now = start
        super().__init__(self._simulated)

    def time(self) -> float:
        return self._simulated.now


def simulate(main: Coroutine[object, object, T]) -> T:
    """Run a coroutine to its end in simulated time."""
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(main)
