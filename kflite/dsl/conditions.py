"""Conditions on channels, and their CEL text in IR."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NoReturn

from kflite.dsl import trace
from kflite.dsl.types import BOOLEAN, DOUBLE, INTEGER, LIST, STRING, Parameter, type_of

if TYPE_CHECKING:
    from kflite.dsl.channels import Channel

_COMPARABLE = (STRING, INTEGER, DOUBLE, BOOLEAN)
_NUMBERS = (INTEGER, DOUBLE)


class Condition:
    """A condition that is true or false in a run; `&`, `|` and `~` combine conditions."""

    def __and__(self, other: Condition) -> All:
        return All(self, _checked(other))

    def __or__(self, other: Condition) -> AnyOf:
        return AnyOf(self, _checked(other))

    def __invert__(self) -> Not:
        return Not(self)

    def __bool__(self) -> bool:
        remedy = "use dsl.If, and &, | and ~ in place of `and`, `or`, `not` and chained comparisons, and .in_() in place of `in`"
        raise trace.refused(f"a condition has no value before the run, so Python cannot test it: {remedy}")

    @property
    def channels(self) -> list[Channel]:
        """The channels in the condition."""
        raise NotImplementedError

    @property
    def cel(self) -> str:
        """The condition in the Common Expression Language, over the task's inputs."""
        raise NotImplementedError


class ComparisonCondition(Condition):
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
        """The comparison; IR's values are doubles, so integers are rounded, unless they are compared with a double."""
        return f"{self._operand(self._left, 0)} {self._operator} {self._operand(self._right, 1)}"

    def _operand(self, side: object, position: int) -> str:
        own_type, other_type = self._types[position], self._types[1 - position]
        text = _raw(side)
        if _is_channel(side):
            text = f"int({text})" if own_type == INTEGER else text
        elif other_type == STRING and not isinstance(side, str):
            text = _quoted(text)
        return f"double({text})" if (own_type, other_type) == (INTEGER, DOUBLE) else text

    def _type(self, side: object) -> str:
        declared = side.type if _is_channel(side) else type_of(side)  # type: ignore[attr-defined]
        if _is_channel(side) and declared is None:
            return STRING
        if not isinstance(declared, Parameter) or declared.ir not in _COMPARABLE:
            self._refuse("only str, int, float and bool can be compared")
        return declared.ir

    def _check(self) -> None:
        left, right = self._types
        text_against_constant = left == STRING and not _is_channel(self._right)
        if not (left == right or (left in _NUMBERS and right in _NUMBERS) or text_against_constant):
            self._refuse("they are of different types, so they are never equal: compare values of one type")
        if BOOLEAN in self._types and self._operator not in ("==", "!="):
            self._refuse("a bool can only be compared by == and !=")

    def _refuse(self, why: str) -> NoReturn:
        sides = map(_described, (self._left, self._right))
        raise trace.refused(f"cannot compare {f' {self._operator} '.join(sides)}: {why}")


class Membership(Condition):
    """Whether a list of the run contains a value."""

    def __init__(self, item: object, items: Channel) -> None:
        self._item, self._items = item, items
        item_type = item.type if _is_channel(item) else type_of(item)  # type: ignore[attr-defined]
        element_type = items.type.items if isinstance(items.type, Parameter) and items.type.ir == LIST else None
        if not isinstance(items.type, Parameter | None) or (items.type and items.type.ir != LIST):
            raise trace.refused(f"{items.title} is {items.type}, which holds nothing: give a list")
        if not isinstance(item_type, Parameter | None) or (item_type is None and not _is_channel(item)):
            raise trace.refused(
                f"{_described(item)} cannot be in a list of values: give a value, or an input or output that is one"
            )
        if item_type and element_type and item_type.ir != element_type.ir and {item_type.ir, element_type.ir} != set(_NUMBERS):
            raise trace.refused(
                f"{_described(item)} is never in {items.title}, which is {items.type}: compare values of one type"
            )

    @property
    def channels(self) -> list[Channel]:
        return [side for side in (self._item, self._items) if _is_channel(side)]  # type: ignore[misc]

    @property
    def cel(self) -> str:
        return f"{_raw(self._item)} in {_raw(self._items)}"


class All(Condition):
    """All parts are true."""

    def __init__(self, *parts: Condition) -> None:
        self._parts = parts

    @property
    def channels(self) -> list[Channel]:
        return [channel for part in self._parts for channel in part.channels]

    @property
    def cel(self) -> str:
        return " && ".join(f"({part.cel})" if isinstance(part, AnyOf) else part.cel for part in self._parts)


class AnyOf(All):
    """At least one part is true."""

    @property
    def cel(self) -> str:
        return " || ".join(f"({part.cel})" if type(part) is All else part.cel for part in self._parts)


class Not(Condition):
    """The part is false."""

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


def _raw(side: object) -> str:
    """A channel or a constant in the Common Expression Language."""
    if _is_channel(side):
        return f"inputs.parameter_values['{side.key}']"  # type: ignore[attr-defined]
    return _quoted(side) if isinstance(side, str) else json.dumps(side)


def _described(side: object) -> str:
    return f"{side.title} ({side.type})" if _is_channel(side) else repr(side)  # type: ignore[attr-defined]


def _quoted(text: str) -> str:
    escaped = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{escaped}'"


def _checked(condition: object) -> Condition:
    if not isinstance(condition, Condition):
        raise trace.refused(f"{condition!r} is no condition: compare it with a value, as in `x == True`")
    return condition
