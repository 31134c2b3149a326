"""Dataclasses and pydantic models as parameters: mappings in IR, objects in the component's code."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator
from enum import Enum

from kflite.runtime.typed import alternatives, build, is_model

if typing.TYPE_CHECKING:
    from kflite.runtime.typed import Hint

_FREE = (str, int, float, bool, list, dict, object, typing.Any, type(None))


def problem(kind: object) -> str:
    """Why a dataclass cannot be a parameter, with the remedy; "" if it can, and for other types."""
    return next(_problems(kind, set()), "") if isinstance(kind, type) and dataclasses.is_dataclass(kind) else ""


def _problems(kind: type, seen: set[type]) -> Iterator[str]:
    seen.add(kind)
    try:
        hints = typing.get_type_hints(kind)
    except NameError as error:
        yield f"the fields of {kind.__name__} name {error.name!r}, which is not known there: import it at the top of the file"
        return
    for name, hint in hints.items():
        for part in _parts(hint):
            if is_model(part) and part not in seen:
                yield from _problems(part, seen)
            elif not (is_model(part) or part in _FREE or issubclass(part, Enum)):
                what = f"the field {name!r} of {kind.__name__} is {part.__name__}, which JSON cannot hold"
                yield f"{what}: use text, numbers, lists, dicts, enumerations and dataclasses, or a pydantic model"


def _parts(hint: Hint) -> Iterator[Hint]:
    """The classes in a type, except in literals."""
    for one in alternatives(hint):
        origin: Hint = typing.get_origin(one)
        inner = typing.get_args(one)
        if origin is typing.Literal:
            continue
        if inner:
            yield from (part for item in inner if item is not ... for part in _parts(item))
        elif isinstance(one, type) or one in _FREE:
            yield one
        else:
            yield type(one)


def value_problem(kind: object, value: object) -> str:
    """Why a JSON value is no object of the model `kind`, or of a list `[kind]`; "" if it is one."""
    try:
        build(kind, value)
    except (TypeError, ValueError) as error:
        return " ".join(str(error).split())
    return ""
