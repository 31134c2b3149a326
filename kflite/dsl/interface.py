"""A component's interface: its inputs and outputs, as its function's signature declares them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

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
    fits,
    returned,
    type_of,
    unfit,
)
from kflite.errors import CompileError
from kflite.runtime.typed import as_json

_ANSWERS = "use str, int, float, bool, list, dict (or list[int], Optional[int]), dsl.Input[...], dsl.Output[...], artifacts"

_SECTION = re.compile(r"^(?:Args|Arguments|Returns|Raises|Yields|Example|Examples):", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Input:
    """An input. way: "value", "artifact" or "path"; default: None where there is none (or it is None)."""

    type: Type
    way: str = "value"
    optional: bool = False
    default: Value = None
    description: str = ""

    @property
    def is_given(self) -> bool:
        """Whether it comes from outside the pipeline's channels: a final status, the task's settings."""
        return isinstance(self.type, Parameter) and self.type.ir in (FINAL_STATUS, CONFIG)

    @property
    def is_bounded(self) -> bool:
        """Whether not every value of the type will do: there are literals, or a model has fields."""
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
    """What goes into a component and what comes out, by name. embedded: what its code brings along; IR does not tell it."""

    inputs: Mapping[str, Input] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    embedded: Mapping[str, Type] = field(default_factory=dict)


def place_of(function: Callable[..., object]) -> str:
    """Where a function is defined: file:line."""
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
        name, found = parameter.name, _declared(function, parameter, hints)
        if found.way == "embedded":
            embedded[name] = found.type
        elif found.output:
            outputs[name] = Output(found.type, found.way, described.get(name, ""))
        else:
            inputs[name] = _input(function, parameter, found, described.get(name, ""))
    return Interface(inputs, outputs | _returned(function, hints, outputs), embedded)


def described_arguments(docstring: str) -> dict[str, str]:
    """The texts of the section `Args:` of a docstring, by argument."""
    section = re.search(r"^[ \t]*Args:[ \t]*\n((?:[ \t]+\S.*\n?|[ \t]*\n)*)", inspect.cleandoc(docstring) + "\n", re.MULTILINE)
    found: dict[str, str] = {}
    name = ""
    for line in section[1].splitlines() if section else ():
        start = re.match(r"(?:\t| {1,4})(\w+)\s*(?:\([^)]*\))?:\s*(.*)", line)
        if start:
            name, found[start[1]] = start[1], start[2]
        elif name and line.strip():
            found[name] += "\n" + line.strip()
    return found


def summary(docstring: str) -> str:
    """A docstring without its sections (Args, Returns, Raises), as one text without empty lines."""
    text = _SECTION.split(inspect.cleandoc(docstring))[0]
    return "\n".join(line for line in text.splitlines() if line.strip())


def _annotations(function: Callable[..., object]) -> dict[str, object]:
    try:
        return inspect.get_annotations(function, eval_str=True)
    except NameError as error:
        message = f"{place_of(function)}: the annotations of {function.__name__}() name {error.name!r}, which is not known there"
        raise CompileError(f"{message}: import it at the top of the file") from error


def _declared(function: Callable[..., object], parameter: inspect.Parameter, hints: Mapping[str, object]) -> Declared:
    where = f"{place_of(function)}: parameter {parameter.name!r} of {function.__name__}()"
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
        raise CompileError(f"{where} is of a kind that has no name in a pipeline: declare each input by its own name")
    if parameter.name not in hints:
        raise CompileError(f"{where} has no type: {_ANSWERS}")
    found = declared(hints[parameter.name])
    if found is None:
        why = models.problem(hints[parameter.name])
        what = f"and {why}" if why else f"which a pipeline cannot pass: {_ANSWERS}"
        raise CompileError(f"{where} has the type {hints[parameter.name]!r}, {what}")
    return found


def _input(function: Callable[..., object], parameter: inspect.Parameter, found: Declared, description: str) -> Input:
    default = as_json(parameter.default)
    if default is parameter.empty:
        given = found.type in (Parameter(FINAL_STATUS), Parameter(CONFIG))
        absent = given or (found.optional and isinstance(found.type, ArtifactType))
        return Input(found.type, found.way, absent, None, description)
    where = f"{place_of(function)}: parameter {parameter.name!r} of {function.__name__}()"
    if default is not None and not (isinstance(found.type, Parameter) and _holds(default, found.type)):
        raise CompileError(f"{where} is declared as {found.type}, and its default is {default!r}: change one of them")
    if default is not None and (why := unfit(default, found.type)):
        raise CompileError(f"{where} is declared as {found.type}, and its default {default!r} {why}: change one of them")
    return Input(found.type, found.way, True, default, description)


def _holds(default: object, wanted: Parameter) -> bool:
    given = type_of(default)
    return given is not None and fits(given, wanted)


def _returned(function: Callable[..., object], hints: Mapping[str, object], taken: Mapping[str, Output]) -> dict[str, Output]:
    where = f"{place_of(function)}: {function.__name__}()"
    try:
        found = returned(hints.get("return"))
    except NameError as error:
        raise CompileError(f"{where} returns a type that names {error.name!r}, which is not known there: import it") from error
    if found is None:
        what = f"returns {hints['return']!r}, which a pipeline cannot pass"
        raise CompileError(f"{where} {what}: {_ANSWERS}, or a NamedTuple of these")
    double = sorted(set(found) & set(taken))
    if double:
        raise CompileError(f"{where} has two outputs named {double[0]!r}: rename the parameter or the returned field")
    return {name: Output(kind) for name, kind in found.items()}
