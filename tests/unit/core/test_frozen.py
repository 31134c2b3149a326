"""Dataclasses that are cheap to define are those of the standard library, but for who keeps them frozen."""

from __future__ import annotations

import dataclasses
import pickle

import pytest

from kflite.core.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: tuple[str, ...] = ()
    note: str = dataclasses.field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Named(Point):
    name: str = "origin"


@dataclass(frozen=True, slots=True)
class Same:
    x: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same)

    def __hash__(self) -> int:
        return 0


def test_equal_fields_of_one_class_are_equal_and_hash_alike() -> None:
    assert Point(1, ("a",), "here") == Point(1, ("a",), "there")
    assert len({Point(1, note="here"), Point(1, note="there"), Named(1)}) == 2
    assert Point(1) != Point(2)
    assert Point(1) != Named(1)
    assert Named(1) != Named(1, name="end")


def test_it_prints_as_the_standard_library_does() -> None:
    assert repr(Named(1, ("a",), "here")) == "Named(x=1, y=('a',), name='origin')"


@pytest.mark.parametrize("value", [Point(1, ("a",), "here"), Named(2, name="end")])
def test_it_has_slots_and_is_copied_and_pickled(value: Point) -> None:
    assert not hasattr(value, "__dict__")
    assert dataclasses.replace(value, x=3).x == 3
    assert pickle.loads(pickle.dumps(value)) == value
    assert dataclasses.asdict(value)["x"] == value.x


def test_own_methods_stay() -> None:
    assert Same(1) == Same(2)
    assert hash(Same(1)) == 0


def test_those_that_change_are_refused() -> None:
    with pytest.raises(TypeError, match=r"dataclasses\.dataclass"):
        dataclass(frozen=False, slots=True)
