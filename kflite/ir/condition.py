"""Checks that a condition is CEL that kflite can evaluate. The CEL library is imported when a pipeline has a condition."""

from __future__ import annotations

import re
from functools import lru_cache

LONGEST = 16_384  # characters: the parser's time and stack grow with the text
_TYPES = {"inputs", "int", "uint", "double", "bool", "string", "bytes", "list", "map", "type", "null_type"}
_MACROS = (".exists(", ".exists_one(", ".all(", ".map(", ".filter(")  # these introduce variables
_QUOTED_VALUE = re.compile(r"'(double\(|int\()*inputs\.parameter_values\[")


@lru_cache(maxsize=1024)
def condition_problem(expression: str) -> str | None:
    """The problem of a condition; None if it compiles."""
    if len(expression) > LONGEST:
        return f"the condition is {len(expression):,} characters long: the limit is {LONGEST:,}"
    return _compile_problem(expression)


def _compile_problem(expression: str) -> str | None:
    from kflite.ir import cel

    try:
        program = cel.compile(expression)
    except BaseException as error:
        # The parser is written in Rust, whose panics are BaseExceptions.
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        return f"{expression[:100]!r} is not CEL: {_reason(error)}{_remedy(expression)}"
    has_macros = any(macro in expression for macro in _MACROS)
    unknown = [] if has_macros else [n for n in program.variables() if n not in _TYPES]
    return (
        f"{expression[:100]!r} refers to {unknown[0]!r}: conditions see inputs.parameter_values['NAME'] only" if unknown else None
    )


def _remedy(expression: str) -> str:
    if _QUOTED_VALUE.search(expression):
        return "; kfp writes this where a value that is no text is compared with text: compare it with one of its own type"
    return "; correct it (a quote inside a text is written \\')"


def _reason(error: BaseException) -> str:
    text = str(error)
    if "Recursion limit" in text:
        return "it nests too deep for the parser"
    detail = text.partition("Syntax error: ")[2].partition("\n")[0] or text.partition("\n")[0]
    column = text.partition("<input>:1:")[2].partition(":")[0]
    return (f"at column {column}: " if column.isdigit() else "") + detail.partition(" expecting ")[0][:200]
