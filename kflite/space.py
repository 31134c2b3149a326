"""Search spaces: the values that each parameter of a search may have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TypeAlias

from kflite.core.frozen import dataclass
from kflite.core.value import Value
from kflite.errors import InputError

__all__ = ["Choice", "Dimension", "Double", "Integer", "Space", "choice", "double", "integer"]


@dataclass(frozen=True, slots=True)
class Double:
    """A number from low to high, both included; log: orders of magnitude are equally likely."""

    low: float
    high: float
    log: bool = False
    step: float | None = None


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number from low to high, both included."""

    low: int
    high: int
    log: bool = False
    step: int = 1


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values."""

    values: tuple[Value, ...]


Dimension: TypeAlias = Double | Integer | Choice
Space: TypeAlias = Mapping[str, Dimension]


def double(low: float, high: float, log: bool = False, step: float | None = None) -> Double:
    """A number in [low, high]. Raises InputError for an empty range, and for `log` with a bound that is not positive."""
    _bounds(low, high, log)
    if step is not None and step <= 0:
        raise InputError(f"a step of {step} leads nowhere: it must be above 0")
    return Double(float(low), float(high), log, step)


def integer(low: int, high: int, log: bool = False, step: int = 1) -> Integer:
    """A whole number in [low, high]. Raises InputError for an empty range, and for `log` with a bound that is not positive."""
    _bounds(low, high, log)
    if step < 1:
        raise InputError(f"a step of {step} leads nowhere: it must be at least 1")
    return Integer(int(low), int(high), log, step)


def choice(values: Sequence[Value]) -> Choice:
    """One of the values. Raises InputError if there are none."""
    if not values:
        raise InputError("a choice needs at least one value")
    return Choice(tuple(values))


def _bounds(low: float, high: float, log: bool) -> None:
    if not low <= high:
        raise InputError(f"there is nothing between {low} and {high}: the lower bound comes first")
    if log and low <= 0:
        raise InputError(f"a logarithmic range begins above 0, and this one at {low}")


def dump(space: Space) -> dict[str, Value]:
    """The space as JSON: the kind and fields of each parameter."""
    names = {Double: "double", Integer: "integer", Choice: "choice"}
    return {name: {"kind": names[type(d)], **_fields(d)} for name, d in space.items()}


def _fields(dimension: Dimension) -> dict[str, Value]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(dimension).items()}


def load(document: Mapping[str, Value]) -> dict[str, Dimension]:
    """The inverse of `dump`. Raises InputError."""
    return {name: _dimension(name, doc) for name, doc in document.items()}


def _dimension(name: str, doc: Value) -> Dimension:
    factories = {"double": double, "integer": integer, "choice": choice}
    fields = dict(doc) if isinstance(doc, dict) else {}
    factory = factories.get(str(fields.pop("kind", "")))
    if factory is None:
        raise InputError(f"parameter {name!r} of the space: its kind must be one of {', '.join(factories)}")
    try:
        dimension: Dimension = factory(**fields)  # type: ignore[operator]
    except TypeError as error:
        raise InputError(f"parameter {name!r} of the space: {error}") from None
    return dimension
