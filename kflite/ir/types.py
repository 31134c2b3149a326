"""Parameter types: which values and which producers each takes, and how a default is read."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from kflite.core.value import Value
from kflite.ir.strict import shown
from kflite.ir.text import NO_TEXT, is_text

WORDS = {
    "STRING": "text",
    "NUMBER_INTEGER": "a whole number",
    "NUMBER_DOUBLE": "a number",
    "BOOLEAN": "true or false",
    "LIST": "a list",
    "STRUCT": "a mapping",
    "TASK_FINAL_STATUS": "a task's final status",
    "TASK_CONFIG": "a task's configuration",
}
_OLD = {"INT": "NUMBER_INTEGER", "DOUBLE": "NUMBER_DOUBLE", "STRING": "STRING"}
_NUMBERS = ("NUMBER_INTEGER", "NUMBER_DOUBLE")
_MAPPINGS = ("STRUCT", "TASK_FINAL_STATUS", "TASK_CONFIG")


def type_of(declared: Mapping[str, Value]) -> str:
    """The type of a declared parameter; "" where it has none. `type` is what older compilers wrote."""
    new, old = declared.get("parameterType"), declared.get("type")
    return new if isinstance(new, str) else _OLD.get(old, "") if isinstance(old, str) else ""


def feeds(producer: str, consumer: str) -> bool:
    """Whether what was declared as `producer` may go into an input declared as `consumer`; "" stands for anything."""
    if not producer or not consumer or consumer in (producer, "STRING"):
        return True
    return (producer in _NUMBERS and consumer in _NUMBERS) or (producer in _MAPPINGS and consumer in _MAPPINGS)


def wrong(value: Value, declared: Mapping[str, Value]) -> str | None:
    """What is wrong with a value for a declared parameter, None when nothing is; null is for the caller to judge."""
    kind = type_of(declared)
    if kind and not _takes(value, kind):
        return f"{shown(value)} is not {WORDS[kind]} (declared as {kind})"
    literals = declared.get("literals")
    if isinstance(literals, list) and literals and value not in literals:
        return f"{shown(value)} is none of {', '.join(map(shown, literals))}"
    return unfit(value)


def _takes(value: Value, kind: str) -> bool:
    if kind == "STRING":
        return isinstance(value, str)
    if kind == "BOOLEAN":
        return isinstance(value, bool)
    if kind in _NUMBERS:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and (kind == "NUMBER_DOUBLE" or isinstance(value, int) or float(value).is_integer())  # type: ignore[arg-type]
    return isinstance(value, list if kind == "LIST" else dict)


def unfit(value: Value) -> str | None:
    """What in a value JSON cannot hold, None when all of it can be."""
    if isinstance(value, dict):
        odd = next((k for k in value if not isinstance(k, str)), None)
        return f"the key {odd!r} is not text" if odd is not None else next(filter(None, map(unfit, value.values())), None)
    if isinstance(value, list | tuple):
        return next(filter(None, map(unfit, value)), None)
    if isinstance(value, float) and not isfinite(value):
        return f"{value} is not a number that JSON has"
    if isinstance(value, str) and not is_text(value):
        return NO_TEXT
    known = value is None or isinstance(value, bool | int | float | str)
    return None if known else f"{type(value).__name__} is not a type that JSON has: give text, numbers, lists and mappings"


def typed(value: Value, kind: str) -> Value:
    """A value in the form that its type has: whole numbers as int, also inside lists and mappings."""
    if kind == "NUMBER_DOUBLE" and isinstance(value, int):
        return float(value)
    return whole(value) if kind in ("NUMBER_INTEGER", "LIST", "STRUCT") else value


def whole(value: Value) -> Value:
    """The value with each float that is a whole number as int: protobuf keeps all numbers as floats, and means integers."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [whole(v) for v in value]
    if isinstance(value, dict):
        return {k: whole(v) for k, v in value.items()}
    return value
