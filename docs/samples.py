"""The page on JSON: what the command line's builders make of rows that are made up by their types."""

from __future__ import annotations

import inspect
import json
import sys
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from wording import doc, prose


def json_page(builder: Callable[..., object]) -> str:
    """An example of each object that `--json` prints, made by what makes the real ones. builder: any of them."""
    module = sys.modules[builder.__module__]
    builders = inspect.getmembers(module, inspect.isfunction)
    own = [(name, build) for name, build in builders if build.__module__ == builder.__module__ and _is_builder(build)]
    parts = [
        "# JSON",
        prose(doc(module)),
        "The values here are made up; the keys are those of the code.",
    ]
    for name, build in sorted(own, key=lambda pair: pair[1].__code__.co_firstlineno):
        shown = json.dumps(build(*_arguments(build)), indent=2)
        parts += [f"## {name.removesuffix('_json').replace('_', ' ')}", prose(doc(build)), f"```json\n{shown}\n```"]
    return "\n\n".join(parts)


def _is_builder(build: Callable[..., object]) -> bool:
    """Whether it makes JSON of the store's rows."""
    return build.__name__.endswith("_json") and any(_rows_in(hint) for hint in _hints(build).values())


def _rows_in(hint: object) -> bool:
    return is_dataclass(hint) or any(is_dataclass(argument) for argument in typing.get_args(hint))


def _hints(build: Callable[..., object]) -> dict[str, Any]:
    return {name: hint for name, hint in typing.get_type_hints(build).items() if name != "return"}


def _arguments(build: Callable[..., object]) -> list[object]:
    return [sample(hint, name) for name, hint in _hints(build).items()]


_TEXTS = {
    "run": "iris-8qjw2k",
    "name": "iris",
    "task": "fit",
    "pipeline": "iris",
    "uri": "file:///data/artifacts/iris/iris-8qjw2k/fit/model",
    "type_name": "system.Model",
    "kind": "pipeline",
    "experiment": "baseline",
    "executor": "process",
    "version": "v1",
    "output": "model",
    "id": "iris-8qjw2k/fit/model",
}


def sample(hint: Any, name: str = "") -> Any:  # noqa: ANN401 - of any type
    """A value of a type."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return sample(arguments[0], name)
    if is_dataclass(hint):
        types_of = typing.get_type_hints(hint)
        return hint(**{f.name: sample(types_of[f.name], f.name) for f in fields(hint) if f.init})  # type: ignore[operator]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint["SUCCEEDED"] if "SUCCEEDED" in hint.__members__ else next(iter(hint))
    if origin and issubclass(origin, Mapping):
        return {}
    if origin and issubclass(origin, Iterable):
        return (sample(arguments[0], name),)
    plain: dict[object, object] = {str: _TEXTS.get(name, ""), int: 1, float: 1_795_000_000.0, bool: False}
    return plain.get(hint)
