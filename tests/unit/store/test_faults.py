"""The faulty store for tests fails where it is told to, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from contract.stores import queued, submitted

from kflite import store
from kflite.errors import LeaseLost, StoreFull, StoreLocked
from kflite.store import Database
from kflite.testing import Crash, Fault, FaultyStore, drawn, scripted


@pytest.fixture
def sound() -> Iterator[Database]:
    sound = store.open("sqlite://")
    yield sound
    sound.close()


@pytest.mark.parametrize(
    ("fault", "error", "stored"),
    [
        (Fault.CRASH_BEFORE, Crash, 1),
        (Fault.CRASH_AFTER, Crash, 2),
        (Fault.FULL, StoreFull, 1),
        (Fault.LOCKED, StoreLocked, 1),
        (Fault.LOST, LeaseLost, 1),
    ],
)
def test_an_append_meets_the_fault_of_its_number(sound: Database, fault: Fault, error: type[BaseException], stored: int) -> None:
    faulty = FaultyStore(sound, scripted({2: fault}))
    faulty.append([submitted("a")])
    with pytest.raises(error, match="simulated at append 2"):
        faulty.append([queued("a", "x")])
    assert sound.last_seq() == stored
    assert faulty.append([queued("a", "y")]) == stored + 1
    assert faulty.appends == 3


def test_a_crash_passes_those_who_catch_every_exception(sound: Database) -> None:
    assert not issubclass(Crash, Exception)


def test_faults_may_depend_on_the_events(sound: Database) -> None:
    faulty = FaultyStore(sound, lambda _number, events: Fault.FULL if events[0].task == "fit" else None)
    faulty.append([submitted("a"), queued("a", "load")])
    with pytest.raises(StoreFull):
        faulty.append([queued("a", "fit")])


def test_drawn_faults_are_the_same_for_the_same_seed_and_as_many_as_asked_for() -> None:
    def of(seed: int, rate: float) -> list[Fault | None]:
        faults = drawn(seed, rate)
        return [faults(number, []) for number in range(1000)]

    assert of(1, 0.3) == of(1, 0.3) != of(2, 0.3)
    assert 200 < sum(fault is not None for fault in of(1, 0.3)) < 400
    assert set(of(1, 0.5)) == {None, *Fault}
    assert set(of(1, 0.0)) == {None}
    always = drawn(1, 1.0, [Fault.FULL])
    assert {always(number, []) for number in range(9)} == {Fault.FULL}
