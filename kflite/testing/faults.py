"""A store whose appends fail or crash their process, by a script or at random."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from random import Random
from typing import TypeAlias

from kflite.core.event import Event, Point
from kflite.errors import LeaseLost, StoreFull, StoreLocked
from kflite.store import Database


class Crash(BaseException):
    """A simulated end of the process, which no `except Exception` catches."""


class Fault(StrEnum):
    """What may happen to an append."""

    CRASH_BEFORE = "crash before the commit"
    CRASH_AFTER = "crash after the commit"
    FULL = "no space left"
    LOCKED = "locked by another process"
    LOST = "another scheduler has the run"


_ERRORS = {Fault.CRASH_BEFORE: Crash, Fault.FULL: StoreFull, Fault.LOCKED: StoreLocked, Fault.LOST: LeaseLost}

Faults: TypeAlias = Callable[[int, Sequence[Event]], Fault | None]
"""What happens to an append, given its number, counted from 1, and its events; None: it succeeds."""


class FaultyStore(Database):
    """A store over another, which stays usable to examine what is left.

    faults: what happens to which append; `appends` counts the calls. A crash after the commit leaves the events.
    """

    def __init__(self, store: Database, faults: Faults) -> None:
        super().__init__(store.connection)
        self._lock = store._lock  # noqa: SLF001 - one connection, one lock
        self._faults = faults
        self.appends = 0

    def append(self, events: Sequence[Event], owner: str = "", points: Sequence[Point] = ()) -> int:
        """See the seam; raises what the faults say."""
        self.appends += 1
        fault = self._faults(self.appends, events)
        if fault in _ERRORS:
            raise _ERRORS[fault](f"simulated at append {self.appends}: {fault}")
        seq = super().append(events, owner, points)
        if fault is Fault.CRASH_AFTER:
            raise Crash(f"simulated at append {self.appends}: {fault}")
        return seq


def scripted(script: Mapping[int, Fault]) -> Faults:
    """Faults by the number of the append."""
    return lambda number, _events: script.get(number)


def drawn(seed: int, rate: float, among: Sequence[Fault] = tuple(Fault)) -> Faults:
    """Random faults, the same for the same seed. rate: the share of appends that fail, from 0 to 1."""
    random = Random(seed)
    return lambda _number, _events: random.choice(among) if random.random() < rate else None
