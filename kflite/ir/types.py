"""Parameter types: the values and producers that fit each, and the conversion of values."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from kflite.core.value import Value, with_integers
from kflite.ir.strict import described
from kflite.ir.text import NOT_TEXT, is_text

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
    """The type of a declared parameter; "" if it has none. Older compilers wrote `type`."""
    new, old = declared.get("parameterType"), declared.get("type")
    return new if isinstance(new, str) else _OLD.get(old, "") if isinstance(old, str) else ""


def feeds(producer: str, consumer: str) -> bool:
    """Whether an output of type `producer` fits an input of type `consumer`; "" fits anything."""
    if not producer or not consumer or consumer in (producer, "STRING"):
        return True
    return (producer in _NUMBERS and consumer in _NUMBERS) or (producer in _MAPPINGS and consumer in _MAPPINGS)


def value_problem(value: Value, declared: Mapping[str, Value]) -> str | None:
    """The problem of a value for a declared parameter; None if it is valid. The caller handles null."""
    declared_type = type_of(declared)
    if declared_type and not _takes(value, declared_type):
        return f"{described(value)} is not {WORDS[declared_type]} (declared as {declared_type})"
    literals = declared.get("literals")
    if isinstance(literals, list) and literals and value not in literals:
        return f"{described(value)} is none of {', '.join(map(described, literals))}"
    return json_problem(value)


def _takes(value: Value, kind: str) -> bool:
    if kind == "STRING":
        return isinstance(value, str)
    if kind == "BOOLEAN":
        return isinstance(value, bool)
    if kind in _NUMBERS:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and (kind == "NUMBER_DOUBLE" or isinstance(value, int) or float(value).is_integer())  # type: ignore[arg-type]
    return isinstance(value, list if kind == "LIST" else dict)


def json_problem(value: Value) -> str | None:
    """The problem of a value that JSON cannot hold; None if it can."""
    if isinstance(value, dict):
        key = next((k for k in value if not isinstance(k, str)), None)
        return f"the key {key!r} is not text" if key is not None else next(filter(None, map(json_problem, value.values())), None)
    if isinstance(value, list | tuple):
        return next(filter(None, map(json_problem, value)), None)
    if isinstance(value, float) and not isfinite(value):
        return f"{value} is not a number that JSON has"
    if isinstance(value, str) and not is_text(value):
        return NOT_TEXT
    known = value is None or isinstance(value, bool | int | float | str)
    return None if known else f"{type(value).__name__} is not a type that JSON has: give text, numbers, lists and mappings"


def with_type(value: Value, kind: str) -> Value:
    """A value in the form of its type: whole numbers as int, also inside lists and mappings."""
    if kind == "NUMBER_DOUBLE" and isinstance(value, int):
        return float(value)
    return with_integers(value) if kind in ("NUMBER_INTEGER", "LIST", "STRUCT") else value
