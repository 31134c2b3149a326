"""Finds the free names of code in its bytecode, that is, the names that Python really looks up, annotations excluded."""

from __future__ import annotations

import ast
import builtins
import dis
from collections.abc import Iterator
from types import CodeType

from kflite.core.frozen import dataclass
from kflite.dsl.definitions import Definition

_LOADS = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")
_STORES = ("STORE_GLOBAL", "STORE_NAME")
_OF_CLASS_BODIES = ("__qualname__", "__module__", "__annotations__", "__classdict__", "__static_attributes__", "__firstlineno__")
_ALWAYS_THERE = {*dir(builtins), "__name__", "__builtins__", *_OF_CLASS_BODIES}


@dataclass(frozen=True, slots=True)
class FreeName:
    """A name that is looked up in the module. at_definition: when the definition is executed, not when it is called."""

    name: str
    line: int
    at_definition: bool = False


def of_code(code: CodeType, at_definition: bool = False) -> Iterator[FreeName]:
    """The module's names in the code and in nested code, without built-ins."""
    stored: set[str] = set()
    first_lines: dict[str, int] = {}
    for instruction in dis.get_instructions(code):
        if instruction.opname in _LOADS:
            line = instruction.positions.lineno if instruction.positions else None
            first_lines.setdefault(str(instruction.argval), line or code.co_firstlineno)
        elif instruction.opname in _STORES:
            stored.add(str(instruction.argval))
    for name, line in first_lines.items():
        if name not in stored and not name.startswith("@"):  # pytest's own, where it rewrites `assert`
            yield FreeName(name, line, at_definition)
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from (n for n in of_code(inner, at_definition and _is_class(inner)) if n.name not in stored)


def of_definition(definition: Definition) -> Iterator[FreeName]:
    """The module's names in a function or class, including decorators, defaults and bases."""
    flag = __import__("__future__").annotations.compiler_flag
    module = ast.Module([definition.node], [])
    yield from of_code(compile(module, definition.file, "exec", flag, dont_inherit=True), at_definition=True)


def of_fields(definition: Definition) -> Iterator[FreeName]:
    """The names in the annotations of a class's fields, which dataclasses and pydantic models look up."""
    annotations = [node.annotation for node in definition.node.body if isinstance(node, ast.AnnAssign)]
    for annotation in annotations:
        yield from of_code(compile(ast.Expression(annotation), definition.file, "eval", dont_inherit=True), at_definition=True)


def is_built_in(name: str) -> bool:
    """Whether the name is built in."""
    return name in _ALWAYS_THERE


def line_of_variable(code: CodeType, name: str) -> int:
    """The line on which the code first reads a variable of the enclosing function."""
    for inner in (code, *(c for c in code.co_consts if isinstance(c, CodeType))):
        for instruction in dis.get_instructions(inner):
            if instruction.argval == name and instruction.opname.startswith("LOAD_") and instruction.positions:
                return instruction.positions.lineno or code.co_firstlineno
    return code.co_firstlineno


def _is_class(code: CodeType) -> bool:
    return not code.co_flags & 0x2  # CO_NEWLOCALS: functions have it, class bodies do not
