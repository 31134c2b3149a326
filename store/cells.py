"""Values as database cells: text that every database takes, and compact JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from kflite.core.event_kind import State
from kflite.core.run_event import SubmittedOptions
from kflite.core.value import Artifact, Outputs, Value

Cell: TypeAlias = "str | int | float | bool | None"
Change: TypeAlias = "tuple[str, tuple[Cell, ...]]"

# The largest number of a column; larger, infinite and NaN values are in the event only.
LARGEST = sys.float_info.max


def _jsonable(value: object) -> object:
    """Our types as JSON values."""
    if isinstance(value, Artifact | Outputs):
        return value.as_json()
    if isinstance(value, SubmittedOptions):
        return {name: getattr(value, name) for name in SubmittedOptions.__slots__}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{value!r} has no form as JSON")


# ASCII only, so that it can hold whatever a task printed, even invalid UTF-8.
dumps = json.JSONEncoder(separators=(",", ":"), default=_jsonable).encode


def clean(text: str) -> str:
    """The text as a database takes it: invalid Unicode and NUL are replaced."""
    return text if text.isprintable() else text.encode(errors="replace").decode().replace("\0", "\ufffd")


def _json(value: object) -> Cell:
    return dumps(value) if value else "{}"


_CELLS: Mapping[type, Callable[[Any], Cell]] = {
    str: clean,
    State: lambda state: state.value,
    **dict.fromkeys((int, float, bool, type(None)), lambda value: value),
}


def cells(values: Iterable[object]) -> list[Cell]:
    """The values of an event's fields as cells."""
    return [_CELLS.get(type(value), _json)(value) for value in values]


def number(value: Value) -> float | None:
    """The value as a number for a column, None for other values."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST:
        return float(value)
    return None
