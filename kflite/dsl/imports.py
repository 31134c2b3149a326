"""Import statements that give component code its names at run time."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from kflite.dsl import definitions, project


@dataclass(frozen=True, slots=True)
class Import:
    """A statement that holds anywhere, and what it names that may be a module."""

    line: str
    modules: tuple[str, ...]

    @property
    def of_project(self) -> bool:
        """Whether it names a module that has to travel with the code."""
        return any(project.file_of(module) for module in self.modules)


def of_name(function: Callable[..., object], name: str, value: object) -> Import | None:
    """The statement by which a function's file has a name, else one that gives the same value; None where there is none."""
    text = definitions.import_line(function.__code__.co_filename, name)
    if not text:
        return _of_value(name, value)
    (statement,) = ast.parse(text).body
    if isinstance(statement, ast.ImportFrom):
        return _from(project.origin(statement, package_of(function)), statement.names[0].name, name)
    assert isinstance(statement, ast.Import)
    return Import(f"{text}\n", (statement.names[0].name,))


def package_of(function: Callable[..., object]) -> str:
    """The package that dots stand for in a function's file."""
    return str(function.__globals__.get("__package__") or "")


def of_typing(name: str, value: object) -> Import | None:
    """The statement for a name of the module typing."""
    found = _of_value(name, value)
    return found if found and found.modules[0] == "typing" else None


def _of_value(name: str, value: object) -> Import | None:
    if isinstance(value, ModuleType):
        module = value.__name__
        return Import(f"import {module} as {name}\n" if "." in module or module != name else f"import {module}\n", (module,))
    module = str(getattr(value, "__module__", None) or "")
    own = getattr(value, "__name__", None) or getattr(value, "_name", None) or name
    same = getattr(sys.modules.get(module), own, None) is value and module != "__main__"
    return _from(module, own, name) if same else None


def _from(module: str, own: str, name: str) -> Import:
    return Import(f"from {module} import {own}{f' as {name}' if own != name else ''}\n", (module, f"{module}.{own}"))
