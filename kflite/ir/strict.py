"""Finds all violations of the official messages in a document, with their paths.

Protobuf's parser stops at the first problem and names the message, not the path, so this compares a document that the parser
refused with the message's descriptor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from math import isfinite
from typing import TYPE_CHECKING

from kflite.core.value import Value
from kflite.ir.names import child_path, suggestion
from kflite.ir.text import NOT_TEXT, is_text

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

UNKNOWN = "unknown key"  # the beginning of the problem text for a key that the format lacks
_DURATION = re.compile(r"-?\d+(\.\d{1,9})?s")
_WRAPPED = {"google.protobuf.Struct": dict, "google.protobuf.ListValue": list}
Problems = Iterator[tuple[str, str]]


def format_problems(value: Value, message: Descriptor, path: str = "") -> Problems:
    """All (path, problem) of a value that should be proto JSON of `message`."""
    special = _special(value, message.full_name, path)
    if special is not None:
        yield from special
    elif not isinstance(value, dict):
        yield path, f"it must be a mapping, and is {described(value)}"
    else:
        yield from _fields(value, message, path)


def _special(value: Value, name: str, path: str) -> Problems | None:
    if name == "google.protobuf.Value":
        return _json(value, path)
    if name in _WRAPPED:
        return _wrapped(value, _WRAPPED[name], path)
    if name == "google.protobuf.Duration":
        valid = isinstance(value, str) and _DURATION.fullmatch(value)
        return iter(() if valid else [(path, f"it must be seconds as '60s', and is {described(value)}")])
    return None


def _wrapped(value: Value, kind: type, path: str) -> Problems:
    if isinstance(value, kind):
        yield from _json(value, path)
    else:
        yield path, f"it must be a {'mapping' if kind is dict else 'list'}, and is {described(value)}"


def _json(value: Value, path: str) -> Problems:
    if isinstance(value, dict):
        yield from _keys(value, path)
        for key, item in value.items():
            yield from _json(item, child_path(path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _json(item, f"{path}[{index}]")
    elif isinstance(value, float | int) and not _finite(value):
        yield path, f"{described(value)} is not a number that JSON has"
    elif isinstance(value, str) and not is_text(value):
        yield path, NOT_TEXT


def _keys(value: dict[str, Value], path: str) -> Problems:
    if not all(map(is_text, value)):
        yield path, f"a key in it: {NOT_TEXT}"


def _finite(value: float) -> bool:
    try:
        return isfinite(float(value))
    except OverflowError:
        return False


def _fields(value: dict[str, Value], message: Descriptor, path: str) -> Problems:
    fields = _by_name(message)
    chosen: dict[str, str] = {}
    for key, item in value.items():
        field = fields.get(key)
        if field is None:
            names = {f.json_name for f in message.fields}
            yield child_path(path, key), f"{UNKNOWN}: remove it, or correct it ({suggestion(key, names)})"
            continue
        if item is None:
            continue
        one = field.containing_oneof
        if one is not None and chosen.setdefault(one.name, key) != key:
            yield child_path(path, key), f"it excludes {chosen[one.name]!r} beside it: keep one of them"
        yield from _field(item, field, child_path(path, key))


@cache
def _by_name(message: Descriptor) -> Mapping[str, FieldDescriptor]:
    return {f.name: f for f in message.fields} | {f.json_name: f for f in message.fields}


def _field(value: Value, field: FieldDescriptor, path: str) -> Problems:
    message = field.message_type
    if message is not None and message.GetOptions().map_entry:
        yield from _map(value, message.fields_by_name["value"], path)
    elif not field.is_repeated:
        yield from _single(value, field, path)
    elif not isinstance(value, list):
        yield path, f"it must be a list, and is {described(value)}"
    else:
        for index, item in enumerate(value):
            yield from _single(item, field, f"{path}[{index}]")


def _map(value: Value, field: FieldDescriptor, path: str) -> Problems:
    if not isinstance(value, dict):
        yield path, f"it must be a mapping, and is {described(value)}"
        return
    yield from _keys(value, path)
    for key, item in value.items():
        yield from _single(item, field, child_path(path, key))


def _single(value: Value, field: FieldDescriptor, path: str) -> Problems:
    if field.message_type is not None:
        yield from format_problems(value, field.message_type, path)
    elif field.enum_type is not None:
        yield from _enum(value, field.enum_type, path)
    elif wrong := scalar(value, _KINDS[field.type]):
        yield path, wrong


@cache
def _names(enum: EnumDescriptor) -> list[str]:
    return [v.name for v in enum.values]


def _enum(value: Value, enum: EnumDescriptor, path: str) -> Problems:
    names = _names(enum)
    if value not in names if isinstance(value, str) else not _integer(value) or value not in enum.values_by_number:
        yield path, f"{described(value)} is none of {', '.join(names[1:])}"


_KINDS = {1: "number", 2: "number", 3: "int64", 4: "uint64", 5: "int32", 8: "bool", 9: "text", 13: "uint32"}


def scalar(value: Value, kind: str) -> str | None:
    """The problem of a scalar; None if it is valid. kind: text, bool, number, or an integer type."""
    valid = {"text": _text, "bool": _bool, "number": _number}.get(kind, _integer)(value)
    expected = {"text": "text", "bool": "true or false", "number": "a number"}.get(kind, "a whole number")
    remedy = " (quote it)" if kind == "text" and isinstance(value, int | float) else ""
    return None if valid else f"it must be {expected}, and is {described(value)}{remedy}"


def _text(value: Value) -> bool:
    return isinstance(value, str) and is_text(value)


def _bool(value: Value) -> bool:
    return isinstance(value, bool)


def _number(value: Value) -> bool:
    if isinstance(value, str):
        return value in ("NaN", "Infinity", "-Infinity") or bool(re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", value))
    return isinstance(value, int | float) and not isinstance(value, bool) and _finite(value)


def _integer(value: Value) -> bool:
    if isinstance(value, str):
        return bool(re.fullmatch(r"-?\d{1,19}", value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return _finite(value) and float(value).is_integer() and abs(value) < 2**63


def described(value: Value) -> str:
    """A short description of a value for messages."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = {None: "null", True: "true", False: "false"}.get(value) if value is None or isinstance(value, bool) else None
    return text or (repr(value) if len(repr(value)) < 60 else repr(value)[:57] + "…")
