"""A component's interface: its inputs and outputs, from its function's signature."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import field

from kflite.core.frozen import dataclass
from kflite.core.value import Value
from kflite.dsl import models
from kflite.dsl.types import (
    CONFIG,
    FINAL_STATUS,
    ArtifactType,
    Declared,
    Parameter,
    Type,
    declared,
    declared_outputs,
    fits,
    type_of,
    value_problem,
)
from kflite.errors import CompileError
from kflite.runtime.typed import as_json

_SUPPORTED = "use str, int, float, bool, list, dict (or list[int], Optional[int]), dsl.Input[...], dsl.Output[...], artifacts"

_SECTION = re.compile(r"^(?:Args|Arguments|Returns|Raises|Yields|Example|Examples):", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Input:
    """An input. way: "value", "artifact" or "path"; default: None also if there is none."""

    type: Type
    way: str = "value"
    optional: bool = False
    default: Value = None
    description: str = ""

    @property
    def is_provided(self) -> bool:
        """Whether the runtime provides it: a final status, or the task's settings."""
        return isinstance(self.type, Parameter) and self.type.ir in (FINAL_STATUS, CONFIG)

    @property
    def is_bounded(self) -> bool:
        """Whether only some values of the type are valid: literals, or a model's fields."""
        return isinstance(self.type, Parameter) and bool(self.type.literals or self.type.built)

    @property
    def is_final_status(self) -> bool:
        return isinstance(self.type, Parameter) and self.type.ir == FINAL_STATUS


@dataclass(frozen=True, slots=True)
class Output:
    """An output. way: "return", "artifact" or "path"."""

    type: Type
    way: str = "return"
    description: str = ""


@dataclass(frozen=True, slots=True)
class Interface:
    """A component's inputs and outputs by name. embedded: inputs embedded in its code, which are not in IR."""

    inputs: Mapping[str, Input] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    embedded: Mapping[str, Type] = field(default_factory=dict)


def location_of(function: Callable[..., object]) -> str:
    """The location of a function's definition: file:line."""
    code = getattr(function, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(function)


def interface_of(function: Callable[..., object]) -> Interface:
    """The interface of a component's or pipeline's function.

    Raises CompileError for a parameter that has no type, an unsupported type, a wrong default, and for `*args` and `**kwargs`.
    """
    hints, described = _annotations(function), described_arguments(function.__doc__ or "")
    inputs: dict[str, Input] = {}
    outputs: dict[str, Output] = {}
    embedded: dict[str, Type] = {}
    for parameter in inspect.signature(function).parameters.values():
        name, declaration = parameter.name, _declared(function, parameter, hints)
        if declaration.way == "embedded":
            embedded[name] = declaration.type
        elif declaration.output:
            outputs[name] = Output(declaration.type, declaration.way, described.get(name, ""))
        else:
            inputs[name] = _input(function, parameter, declaration, described.get(name, ""))
    return Interface(inputs, outputs | _returned(function, hints, outputs), embedded)


def described_arguments(docstring: str) -> dict[str, str]:
    """The descriptions in the section `Args:` of a docstring, by argument."""
    section = re.search(r"^[ \t]*Args:[ \t]*\n((?:[ \t]+\S.*\n?|[ \t]*\n)*)", inspect.cleandoc(docstring) + "\n", re.MULTILINE)
    descriptions: dict[str, str] = {}
    name = ""
    for line in section[1].splitlines() if section else ():
        start = re.match(r"(?:\t| {1,4})(\w+)\s*(?:\([^)]*\))?:\s*(.*)", line)
        if start:
            name, descriptions[start[1]] = start[1], start[2]
        elif name and line.strip():
            descriptions[name] += "\n" + line.strip()
    return descriptions


def summary(docstring: str) -> str:
    """A docstring without its sections (Args, Returns, Raises), as one text without empty lines."""
    text = _SECTION.split(inspect.cleandoc(docstring))[0]
    return "\n".join(line for line in text.splitlines() if line.strip())


def _annotations(function: Callable[..., object]) -> dict[str, object]:
    try:
        return inspect.get_annotations(function, eval_str=True)
    except NameError as error:
        message = (
            f"{location_of(function)}: the annotations of {function.__name__}() name {error.name!r}, which is not known there"
        )
        raise CompileError(f"{message}: import it at the top of the file") from error


def _declared(function: Callable[..., object], parameter: inspect.Parameter, hints: Mapping[str, object]) -> Declared:
    where = f"{location_of(function)}: parameter {parameter.name!r} of {function.__name__}()"
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
        raise CompileError(f"{where} is of a kind that has no name in a pipeline: declare each input by its own name")
    if parameter.name not in hints:
        raise CompileError(f"{where} has no type: {_SUPPORTED}")
    declaration = declared(hints[parameter.name])
    if declaration is None:
        why = models.problem(hints[parameter.name])
        what = f"and {why}" if why else f"which a pipeline cannot pass: {_SUPPORTED}"
        raise CompileError(f"{where} has the type {hints[parameter.name]!r}, {what}")
    return declaration


def _input(function: Callable[..., object], parameter: inspect.Parameter, declaration: Declared, description: str) -> Input:
    default = as_json(parameter.default)
    if default is parameter.empty:
        is_provided = declaration.type in (Parameter(FINAL_STATUS), Parameter(CONFIG))
        optional = is_provided or (declaration.optional and isinstance(declaration.type, ArtifactType))
        return Input(declaration.type, declaration.way, optional, None, description)
    where = f"{location_of(function)}: parameter {parameter.name!r} of {function.__name__}()"
    if default is not None and not (isinstance(declaration.type, Parameter) and _fits_default(default, declaration.type)):
        raise CompileError(f"{where} is declared as {declaration.type}, and its default is {default!r}: change one of them")
    if default is not None and (problem := value_problem(default, declaration.type)):
        raise CompileError(
            f"{where} is declared as {declaration.type}, and its default {default!r} {problem}: change one of them"
        )
    return Input(declaration.type, declaration.way, True, default, description)


def _fits_default(default: object, wanted: Parameter) -> bool:
    default_type = type_of(default)
    return default_type is not None and fits(default_type, wanted)


def _returned(
    function: Callable[..., object], hints: Mapping[str, object], parameter_outputs: Mapping[str, Output]
) -> dict[str, Output]:
    where = f"{location_of(function)}: {function.__name__}()"
    try:
        outputs = declared_outputs(hints.get("return"))
    except NameError as error:
        raise CompileError(f"{where} returns a type that names {error.name!r}, which is not known there: import it") from error
    if outputs is None:
        what = f"returns {hints['return']!r}, which a pipeline cannot pass"
        raise CompileError(f"{where} {what}: {_SUPPORTED}, or a NamedTuple of these")
    duplicates = sorted(set(outputs) & set(parameter_outputs))
    if duplicates:
        raise CompileError(f"{where} has two outputs named {duplicates[0]!r}: rename the parameter or the returned field")
    return {name: Output(kind) for name, kind in outputs.items()}
