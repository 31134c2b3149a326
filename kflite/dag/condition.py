"""Conditions: CEL over a task's input parameters. The CEL library is imported when a pipeline has a condition."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from kflite.value import Value

if TYPE_CHECKING:
    from cel import Program

_PARAMETER = r"inputs\.parameter_values\['(?:pipelinechannel--)?([^']*)'\]"
_CAST = r"\b(?:int|double)\(([^()]*)\)"


class ConditionError(Exception):
    """A condition that cannot be evaluated; never taken for false."""


@lru_cache(maxsize=1024)
def _program(expression: str) -> Program:
    from kflite.ir import cel

    try:
        return cel.compile(expression)
    except Exception as error:
        raise ConditionError(f"condition {readable(expression)!r} is not CEL: {error}") from error


def holds(expression: str, parameters: Mapping[str, Value]) -> bool:
    """Whether the expression is true of `inputs.parameter_values`.

    Raises ConditionError, also where it is neither true nor false.
    """
    given = {name: value for name, value in parameters.items() if value is not None}
    program = _program(expression)
    try:
        result = program.execute({"inputs": {"parameter_values": given}, "parseJson": json.loads})
    except Exception as error:
        raise ConditionError(f"condition {readable(expression)!r} cannot be evaluated: {error}") from error
    if not isinstance(result, bool):
        raise ConditionError(f"condition {readable(expression)!r} gives {result!r}, neither true nor false")
    return result


def readable(expression: str) -> str:
    """The expression as people would write it: parameters by their names, and without casts."""
    named = re.sub(_PARAMETER, r"\1", expression)
    while (plain := re.sub(_CAST, r"\1", named)) != named:
        named = plain
    return named
