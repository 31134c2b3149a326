"""Import statements that define the names in component code at run time."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from types import ModuleType

from kflite.core.frozen import dataclass
from kflite.dsl import definitions, project


@dataclass(frozen=True, slots=True)
class Import:
    """An import statement that is valid anywhere, and the names in it that may be modules."""

    line: str
    modules: tuple[str, ...]

    @property
    def of_project(self) -> bool:
        """Whether it names a module that must travel with the code."""
        return any(project.file_of(module) for module in self.modules)


def of_name(function: Callable[..., object], name: str, value: object) -> Import | None:
    """The statement that imports a name in a function's file, else one that gives the same value; None if there is none."""
    text = definitions.import_line(function.__code__.co_filename, name)
    if not text:
        return _of_value(name, value)
    (statement,) = ast.parse(text).body
    if isinstance(statement, ast.ImportFrom):
        return _from(project.origin(statement, package_of(function)), statement.names[0].name, name)
    assert isinstance(statement, ast.Import)
    return Import(f"{text}\n", (statement.names[0].name,))


def package_of(function: Callable[..., object]) -> str:
    """The package of relative imports in a function's file."""
    return str(function.__globals__.get("__package__") or "")


def of_typing(name: str, value: object) -> Import | None:
    """The statement for a name of the module typing."""
    statement = _of_value(name, value)
    return statement if statement and statement.modules[0] == "typing" else None


def _of_value(name: str, value: object) -> Import | None:
    if isinstance(value, ModuleType):
        module = value.__name__
        return Import(f"import {module} as {name}\n" if "." in module or module != name else f"import {module}\n", (module,))
    module = str(getattr(value, "__module__", None) or "")
    original_name = getattr(value, "__name__", None) or getattr(value, "_name", None) or name
    same = getattr(sys.modules.get(module), original_name, None) is value and module != "__main__"
    return _from(module, original_name, name) if same else None


def _from(module: str, original_name: str, name: str) -> Import:
    return Import(
        f"from {module} import {original_name}{f' as {name}' if original_name != name else ''}\n",
        (module, f"{module}.{original_name}"),
    )
