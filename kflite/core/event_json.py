"""Events as JSON: a key for each field that is not at its default.

Unknown keys of a newer kflite are ignored; a missing or mistyped key is an error that names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any, NamedTuple, TypeVar, get_args

from kflite.core.event import Data
from kflite.core.event_kind import State
from kflite.core.run_event import SubmittedOptions
from kflite.core.value import Artifact, Outputs, Value
from kflite.errors import EventError

T = TypeVar("T")

BY_KIND: Mapping[str, type[Data]] = {data.KIND.value: data for data in get_args(Data)}
_VERSION = "version"


class _FieldError(TypeError):
    """A field is missing or wrong; the text begins with its name."""


class _Form(NamedTuple):
    """How values of a type are written and read.

    write: None where the value is written as it is; else an empty result stands for the default. read: raises a TypeError that
    says what the value must be.
    """

    write: Callable[[Any], Value] | None
    read: Callable[[Value], Any]


# The name, default and form of each field.
_Shape = tuple[tuple[str, object, Callable[[Any], Value] | None, Callable[[Value], Any]], ...]
_SHAPES: dict[type, _Shape] = {}


def to_json(data: Data) -> dict[str, Value]:
    """The data as the store keeps it beside its kind."""
    return _write(data) if data.VERSION == 1 else {_VERSION: data.VERSION, **_write(data)}


def from_json(kind: str, document: Mapping[str, Value], run: str = "", seq: int = 0) -> Data:
    """The data that `to_json` wrote. run, seq: for errors. Raises EventError."""
    try:
        if (data := BY_KIND.get(kind)) is None:
            raise TypeError("this version of kflite knows no such kind")
        if (version := document.get(_VERSION, 1)) != 1 and not _readable(version, data):
            raise TypeError(f"this version of kflite cannot read version {version}")
        return _read(data, document)
    except TypeError as error:
        raise EventError(f"run {run}, event {seq}, {kind}: {error}: upgrade kflite, or restore the store from a copy") from error


def _readable(version: Value, data: type[Data]) -> bool:
    return isinstance(version, int) and version <= data.VERSION


def _write(data: object) -> dict[str, Value]:
    values = {}
    for name, default, write, _ in _SHAPES.get(type(data)) or _shape(type(data)):
        value = getattr(data, name)
        if value is default:
            continue
        if write is None:
            if value != default:
                values[name] = value
        elif (written := write(value)) or default is MISSING:
            values[name] = written
    return values


def _read(data: type[T], document: Mapping[str, Value]) -> T:
    values = {}
    for name, default, _, read in _SHAPES.get(data) or _shape(data):
        if name in document:
            try:
                values[name] = read(document[name])
            except _FieldError as error:
                raise _FieldError(f"{name}: {error}") from None
            except TypeError as error:
                raise _FieldError(f"{name} must be {error}, and is {document[name]!r:.200}") from None
        elif default is MISSING:
            raise _FieldError(f"{name} is missing")
    return data(**values)


def _shape(data: type[Any]) -> _Shape:
    shape = _SHAPES[data] = tuple((each.name, _default(each), *_FORMS[str(each.type)]) for each in fields(data))
    return shape


def _default(each: Field[object]) -> object:
    return each.default if each.default_factory is MISSING else each.default_factory()


# The forms, by the annotation of a field.


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise TypeError("a text")
    return value


def _flag(value: Value) -> bool:
    if not isinstance(value, bool):
        raise TypeError("true or false")
    return value


def _whole(value: Value) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("a whole number")
    return value


def _real(value: Value) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError("a number")
    return float(value)


def _state(value: Value) -> State:
    if value not in State.__members__:
        raise TypeError("a state")
    return State(str(value))


def _mapping(value: Value) -> dict[str, Value]:
    if not isinstance(value, dict):
        raise TypeError("a mapping")
    return value


def _texts(value: Value) -> dict[str, str]:
    return {name: _text(text) for name, text in _mapping(value).items()}


def _labels(value: Value) -> dict[str, str | None]:
    return {name: None if text is None else _text(text) for name, text in _mapping(value).items()}


def _names(value: Value) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("a list")
    return tuple(map(_text, value))


def _artifacts(value: Value) -> dict[str, tuple[Artifact, ...]]:
    return dict(_groups(_mapping(value)))


def _groups(groups: Mapping[str, Value]) -> Iterator[tuple[str, tuple[Artifact, ...]]]:
    for name, group in groups.items():
        if not isinstance(group, list):
            raise TypeError("lists of artifacts by name")
        yield name, tuple(_read(Artifact, _mapping(one)) for one in group)


def _outputs(value: Value) -> Outputs:
    values = _mapping(value)
    return Outputs(_mapping(values.get("parameters", {})), _artifacts(values.get("artifacts", {})))


def _optional(form: _Form) -> _Form:
    return _Form(form.write, lambda value: None if value is None else form.read(value))


_MAPPING, _REAL, _WHOLE, _STATE = _Form(None, _mapping), _Form(None, _real), _Form(None, _whole), _Form(None, _state)
_FORMS: Mapping[str, _Form] = {
    "str": _Form(None, _text),
    "bool": _Form(None, _flag),
    "int": _WHOLE,
    "int | None": _optional(_WHOLE),
    "float": _REAL,
    "float | None": _optional(_REAL),
    "State": _STATE,
    "State | None": _optional(_STATE),
    "Value": _Form(None, lambda value: value),
    "tuple[str, ...]": _Form(list, _names),
    "Mapping[str, Value]": _MAPPING,
    "Mapping[str, str]": _Form(None, _texts),
    "Mapping[str, str | None]": _Form(None, _labels),
    "Mapping[str, tuple[Artifact, ...]]": _Form(lambda groups: Outputs({}, groups).as_json().get("artifacts", {}), _artifacts),
    "Outputs": _Form(lambda outputs: outputs.as_json(), _outputs),
    "SubmittedOptions": _Form(_write, lambda value: _read(SubmittedOptions, _mapping(value))),
}
