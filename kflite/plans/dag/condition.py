"""Conditions: CEL over a task's inputs. The CEL library is imported when a pipeline has a condition."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from kflite.core.value import Artifact, Value
from kflite.ir.references import condition_inputs

if TYPE_CHECKING:
    from cel import Program

_PARAMETER = r"inputs\.parameter_values\['(?:pipelinechannel--)?([^']*)'\]"
NO_ARTIFACTS: Mapping[str, tuple[Artifact, ...]] = {}
_CAST = r"\b(?:int|double)\(([^()]*)\)"


class ConditionError(Exception):
    """A condition cannot be evaluated; this is never treated as false."""


@lru_cache(maxsize=1024)
def _program(expression: str) -> Program:
    from kflite.ir import cel

    try:
        return cel.compile(expression)
    except Exception as error:
        raise ConditionError(f"condition {readable(expression)!r} is not CEL: {error}") from error


def holds(expression: str, parameters: Mapping[str, Value], artifacts: Mapping[str, tuple[Artifact, ...]] = NO_ARTIFACTS) -> bool:
    """Whether the expression is true for `inputs.parameter_values` and `inputs.artifacts`.

    Raises ConditionError, also if the result is neither true nor false.
    """
    present = {name: value for name, value in parameters.items() if value is not None}
    program = _program(expression)
    groups = {name: {"artifacts": [_fields(a) for a in group]} for name, group in artifacts.items()}
    try:
        result = program.execute({"inputs": {"parameter_values": present, "artifacts": groups}, "parseJson": json.loads})
    except Exception as error:
        if nulls := condition_inputs(expression) - present.keys():
            names = ", ".join(repr(name.removeprefix("pipelinechannel--")) for name in sorted(nulls))
            raise ConditionError(f"condition {readable(expression)!r}: {names} is null or was not given") from None
        raise ConditionError(f"condition {readable(expression)!r} cannot be evaluated: {error}") from error
    if not isinstance(result, bool):
        raise ConditionError(f"condition {readable(expression)!r} gives {result!r}, neither true nor false")
    return result


def _fields(artifact: Artifact) -> Mapping[str, Value]:
    return {"name": artifact.name, "uri": artifact.uri, "metadata": dict(artifact.metadata)}


def readable(expression: str) -> str:
    """The expression for people: parameters by name, and without casts."""
    named = re.sub(_PARAMETER, r"\1", expression)
    while (plain := re.sub(_CAST, r"\1", named)) != named:
        named = plain
    return named
