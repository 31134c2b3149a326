"""Conditions: CEL over a task's input parameters. The CEL library is imported when a pipeline has a condition."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from kflite.value import Value

if TYPE_CHECKING:
    from cel import Program


class ConditionError(Exception):
    """A condition that cannot be evaluated; never taken for false."""


@lru_cache(maxsize=1024)
def _program(expression: str) -> Program:
    import cel

    try:
        return cel.compile(expression)
    except Exception as error:
        raise ConditionError(f"condition {expression!r} is not CEL: {error}") from error


def holds(expression: str, parameters: Mapping[str, Value]) -> bool:
    """Whether the expression is true of `inputs.parameter_values`. Raises ConditionError, also where it is neither true nor false."""
    context = {
        "inputs": {"parameter_values": {k: v for k, v in parameters.items() if v is not None}},
        "parseJson": json.loads,
    }
    program = _program(expression)
    try:
        result = program.execute(context)
    except Exception as error:
        raise ConditionError(f"condition {expression!r} cannot be evaluated: {error}") from error
    if not isinstance(result, bool):
        raise ConditionError(f"condition {expression!r} gives {result!r}, neither true nor false")
    return result
