"""The types of inputs and outputs: from annotations to the types of KFP v2 IR."""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Sequence

from kflite.core.frozen import dataclass
from kflite.dsl import models
from kflite.dsl.annotations import EMBEDDED, INPUT, OUTPUT, InputPath, OutputPath
from kflite.dsl.models import problem
from kflite.runtime.artifacts import ARTIFACTS, Artifact, PipelineTaskFinalStatus, TaskConfig
from kflite.runtime.typed import is_model

STRING, INTEGER, DOUBLE, BOOLEAN = "STRING", "NUMBER_INTEGER", "NUMBER_DOUBLE", "BOOLEAN"
LIST, STRUCT, FINAL_STATUS, CONFIG = "LIST", "STRUCT", "TASK_FINAL_STATUS", "TASK_CONFIG"
_PLAIN: dict[object, str] = {str: STRING, int: INTEGER, float: DOUBLE, bool: BOOLEAN, list: LIST, dict: STRUCT}
PYTHON_NAMES = {STRING: "str", INTEGER: "int", DOUBLE: "float", BOOLEAN: "bool", LIST: "list", STRUCT: "dict"}
_BY_NAME = {kind.__name__: kind for kind in ARTIFACTS} | {kind.schema_title: kind for kind in ARTIFACTS}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter's type in IR. items: the type of a list's elements, None if unknown.

    literals: the only valid values; model: the dataclass or pydantic model of a mapping.
    """

    ir: str
    items: Parameter | None = None
    literals: tuple[str | int | float | bool, ...] = ()
    model: type | None = None

    def __str__(self) -> str:
        if self.literals:
            return f"Literal[{', '.join(map(repr, self.literals))}]"
        if self.model:
            return self.model.__name__
        return f"list[{self.items}]" if self.items else PYTHON_NAMES.get(self.ir, self.ir)

    @property
    def built(self) -> object:
        """The type for `typed.build`: a model, or a list of its objects; None if values need no conversion."""
        item = self.items
        inner = (typing.Literal[item.literals] if item.literals else item.built) if item else None
        return self.model or ([inner] if inner else None)


@dataclass(frozen=True, slots=True)
class ArtifactType:
    """An artifact's type, or that of a list of them."""

    title: str = Artifact.schema_title
    version: str = Artifact.schema_version
    is_list: bool = False

    def __str__(self) -> str:
        return f"list[{self.title}]" if self.is_list else self.title


_OF_CONSTANTS = {kind: Parameter(ir) for kind, ir in _PLAIN.items()}
Type: typing.TypeAlias = Parameter | ArtifactType


@dataclass(frozen=True, slots=True)
class Declared:
    """The declaration in an annotation. way: "value", "artifact", "path", or "embedded" for files in the component's code.

    output: the function receives a path to write to.
    """

    type: Type
    way: str = "value"
    output: bool = False
    optional: bool = False


def declared(annotation: object) -> Declared | None:
    """The declaration of an input, or of an output among the parameters; None if the type is not supported."""
    annotation, optional = _without_none(annotation)
    if isinstance(annotation, InputPath | OutputPath) or annotation in (InputPath, OutputPath):
        return _path(annotation, optional)
    if typing.get_origin(annotation) is typing.Annotated:
        inner, marker = typing.get_args(annotation)[:2]
        kind = artifact_type(inner)
        known = kind is not None and marker in (INPUT, OUTPUT) and not (kind.is_list and marker == OUTPUT)
        if kind and marker == EMBEDDED:
            return Declared(kind, "embedded")
        return Declared(kind, "artifact", marker == OUTPUT, optional) if kind and known else None
    kind_found = artifact_type(annotation) or parameter_type(annotation)
    return (
        Declared(kind_found, "value" if isinstance(kind_found, Parameter) else "artifact", False, optional)
        if kind_found
        else None
    )


def parameter_type(annotation: object) -> Parameter | None:
    """The parameter type of a Python type such as int, Optional[str], list[float], Dict[str, int]; None for all others."""
    annotation, _ = _without_none(annotation)
    if annotation is PipelineTaskFinalStatus:
        return Parameter(FINAL_STATUS)
    if annotation is TaskConfig:
        return Parameter(CONFIG)
    origin = typing.get_origin(annotation) or annotation
    if origin is typing.Literal:
        return _literal(typing.get_args(annotation))
    if isinstance(origin, type) and is_model(origin) and not problem(origin):
        return Parameter(STRUCT, model=origin)
    if not isinstance(origin, type) or origin not in _PLAIN:
        return None
    arguments = typing.get_args(annotation)
    return Parameter(_PLAIN[origin], parameter_type(arguments[0]) if origin is list and arguments else None)


def artifact_type(annotation: object) -> ArtifactType | None:
    """The artifact type of an artifact class, of its name, or of a list of a class; None for all others."""
    if typing.get_origin(annotation) is list:
        item = artifact_type(typing.get_args(annotation)[0])
        return ArtifactType(item.title, item.version, True) if item else None
    kind: object = _BY_NAME.get(annotation) if isinstance(annotation, str) else annotation
    title, version = getattr(kind, "schema_title", None), getattr(kind, "schema_version", "0.0.1")
    return ArtifactType(title, str(version)) if isinstance(kind, type) and isinstance(title, str) else None


def declared_outputs(annotation: object) -> dict[str, Type] | None:
    """The outputs in a return annotation, by name; None if a type is not supported."""
    fields = getattr(annotation, "_fields", None)
    hints: dict[str, object] = {"Output": annotation}
    if fields is not None:
        hints = dict(typing.get_type_hints(annotation, include_extras=True))
    elif annotation is None or annotation is type(None):
        hints = {}
    types = {name: artifact_type(hint) or parameter_type(hint) for name, hint in hints.items()}
    return {name: kind for name, kind in types.items() if kind} if all(types.values()) else None


def type_of(value: object) -> Parameter | None:
    """The type of a constant; None if JSON cannot hold it."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if not isinstance(value, list):
        return _OF_CONSTANTS.get(type(value))
    items = {type_of(item) for item in value}
    return Parameter(LIST, items.pop() if len(items) == 1 else None)


def common_type(values: Sequence[object]) -> Parameter | None:
    """The common type of values; integers and floats together are floats; None if there is none."""
    types = {type_of(value) for value in values}
    words = {kind.ir for kind in types if kind}
    if words == {INTEGER, DOUBLE}:
        return Parameter(DOUBLE)
    if len(words) != 1 or None in types:
        return None
    return types.pop() if len(types) == 1 else Parameter(words.pop())


def fits(actual: Type | None, wanted: Type) -> bool:
    """Whether a value of type `actual` fits the declared type `wanted`; None (unknown) fits, and an int fits a float."""
    if actual is None or actual == wanted:
        return True
    if isinstance(actual, Parameter) and isinstance(wanted, Parameter):
        return actual.ir == wanted.ir or (actual.ir, wanted.ir) == (INTEGER, DOUBLE)
    if isinstance(actual, ArtifactType) and isinstance(wanted, ArtifactType):
        generic = Artifact.schema_title in (actual.title, wanted.title)
        return actual.is_list == wanted.is_list and (generic or actual.title == wanted.title)
    return False


def _literal(values: tuple[str | int | float | bool, ...]) -> Parameter | None:
    kinds = {_PLAIN.get(type(value)) for value in values}
    (kind,) = kinds if len(kinds) == 1 else (None,)
    return Parameter(kind, literals=values) if kind else None


def value_problem(value: object, wanted: Type) -> str:
    """Why a constant of a fitting type is invalid for the parameter; "" if it is valid."""
    if not isinstance(wanted, Parameter):
        return ""
    if wanted.literals and value not in wanted.literals:
        return f"is none of {', '.join(map(repr, wanted.literals))}"
    return models.value_problem(wanted.built, value) if wanted.built else ""


def _path(annotation: object, optional: bool) -> Declared | None:
    inner = annotation.type if isinstance(annotation, InputPath | OutputPath) else None
    kind = ArtifactType() if inner is None else artifact_type(inner) or parameter_type(inner)
    output = isinstance(annotation, OutputPath) or annotation is OutputPath
    return Declared(kind, "path", output, optional) if kind else None


def _without_none(annotation: object) -> tuple[object, bool]:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        rest = [a for a in typing.get_args(annotation) if a is not type(None)]
        if len(rest) == 1:
            return rest[0], True
    return annotation, False
