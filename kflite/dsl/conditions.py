"""Conditions on channels, and the CEL text that IR has for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NoReturn

from kflite.dsl import trace
from kflite.dsl.types import BOOLEAN, DOUBLE, INTEGER, STRING, Parameter, type_of

if TYPE_CHECKING:
    from kflite.dsl.channels import Channel

_COMPARABLE = (STRING, INTEGER, DOUBLE, BOOLEAN)
_NUMBERS = (INTEGER, DOUBLE)


class Condition:
    """Something that is true or false in a run; `&`, `|` and `~` combine conditions."""

    def __and__(self, other: Condition) -> All:
        return All(self, _checked(other))

    def __or__(self, other: Condition) -> AnyOf:
        return AnyOf(self, _checked(other))

    def __invert__(self) -> Not:
        return Not(self)

    def __bool__(self) -> bool:
        remedy = "use dsl.If, and &, | and ~ in place of `and`, `or`, `not` and chained comparisons"
        raise trace.refused(f"a condition has no value before the run, so Python cannot test it: {remedy}")

    @property
    def channels(self) -> list[Channel]:
        """What must be known to decide."""
        raise NotImplementedError

    @property
    def cel(self) -> str:
        """The condition in the Common Expression Language, over the task's inputs."""
        raise NotImplementedError


class Comparison(Condition):
    """A comparison of a channel with a constant or another channel. operator: == != < <= > >="""

    def __init__(self, left: Channel, operator: str, right: object) -> None:
        self._left, self._operator, self._right = left, operator, right
        self._types = (self._type(left), self._type(right))
        self._check()

    @property
    def channels(self) -> list[Channel]:
        return [side for side in (self._left, self._right) if _is_channel(side)]  # type: ignore[misc]

    @property
    def cel(self) -> str:
        """The comparison; integers are doubles in IR's values, so they are rounded, and become doubles again beside a double."""
        return f"{self._operand(self._left, 0)} {self._operator} {self._operand(self._right, 1)}"

    def _operand(self, side: object, place: int) -> str:
        own, other = self._types[place], self._types[1 - place]
        if _is_channel(side):
            text = f"inputs.parameter_values['{side.key}']"  # type: ignore[attr-defined]
            text = f"int({text})" if own == INTEGER else text
        elif other == STRING:
            text = _quoted(side if isinstance(side, str) else json.dumps(side))
        else:
            text = _quoted(side) if isinstance(side, str) else json.dumps(side)
        return f"double({text})" if (own, other) == (INTEGER, DOUBLE) else text

    def _type(self, side: object) -> str:
        found = side.type if _is_channel(side) else type_of(side)  # type: ignore[attr-defined]
        if _is_channel(side) and found is None:
            return STRING
        if not isinstance(found, Parameter) or found.ir not in _COMPARABLE:
            self._refuse("only str, int, float and bool can be compared")
        return found.ir

    def _check(self) -> None:
        left, right = self._types
        text_against_constant = left == STRING and not _is_channel(self._right)
        if not (left == right or (left in _NUMBERS and right in _NUMBERS) or text_against_constant):
            self._refuse("they are of different types, so they are never equal: compare values of one type")
        if BOOLEAN in self._types and self._operator not in ("==", "!="):
            self._refuse("a bool can only be compared by == and !=")

    def _refuse(self, why: str) -> NoReturn:
        sides = (f"{side.title} ({side.type})" if _is_channel(side) else repr(side) for side in (self._left, self._right))  # type: ignore[attr-defined]
        raise trace.refused(f"cannot compare {f' {self._operator} '.join(sides)}: {why}")


class All(Condition):
    """Each of its parts."""

    def __init__(self, *parts: Condition) -> None:
        self._parts = parts

    @property
    def channels(self) -> list[Channel]:
        return [channel for part in self._parts for channel in part.channels]

    @property
    def cel(self) -> str:
        return " && ".join(f"({part.cel})" if isinstance(part, AnyOf) else part.cel for part in self._parts)


class AnyOf(All):
    """At least one of its parts."""

    @property
    def cel(self) -> str:
        return " || ".join(f"({part.cel})" if type(part) is All else part.cel for part in self._parts)


class Not(Condition):
    """The contrary of its part."""

    def __init__(self, part: Condition) -> None:
        self._part = part

    @property
    def channels(self) -> list[Channel]:
        return self._part.channels

    @property
    def cel(self) -> str:
        return f"!({self._part.cel})"


def _is_channel(side: object) -> bool:
    from kflite.dsl.channels import Channel

    return isinstance(side, Channel)


def _quoted(text: str) -> str:
    escaped = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{escaped}'"


def _checked(condition: object) -> Condition:
    if not isinstance(condition, Condition):
        raise trace.refused(f"{condition!r} is no condition: compare it with a value, as in `x == True`")
    return condition
