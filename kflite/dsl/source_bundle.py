"""Collects the definitions and imports that a component's function needs to run elsewhere."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Sequence
from types import CellType, FunctionType, ModuleType
from typing import NoReturn

from kflite.dsl import definitions, freenames, imports, project
from kflite.dsl.annotations import EmbeddedInput, Input, Output
from kflite.dsl.definitions import Definition
from kflite.dsl.freenames import FreeName
from kflite.dsl.imports import Import
from kflite.errors import CompileError
from kflite.runtime.artifacts import ARTIFACTS, PipelineTaskFinalStatus, TaskConfig
from kflite.runtime.typed import is_model

_IN_RUNNER: dict[int, str] = {id(kind): kind.__name__ for kind in (*ARTIFACTS, PipelineTaskFinalStatus, TaskConfig)}
_IN_RUNNER |= {id(Input): "Input", id(Output): "Output", id(EmbeddedInput): "EmbeddedInput"}


class FunctionSources:
    """A function's dependencies: import and alias lines, helpers in the order of the file, and the project's modules.

    complete: undefined names are errors.
    """

    def __init__(self, function: FunctionType, roots: Sequence[object], complete: bool) -> None:
        self._owner = function.__name__
        self._complete = complete
        self._roots = roots
        self._definitions: dict[str, Definition] = {}
        self._values: dict[str, object] = {function.__name__: function}
        self.lines: set[str] = set()
        self.modules: set[str] = set()
        self.aliases: list[str] = []
        self._add_names(function, freenames.of_code(function.__code__))
        self._add_imports(function, definitions.of_function(function))
        for root in roots:
            name = FreeName(getattr(root, "__name__", repr(root)), function.__code__.co_firstlineno, at_definition=True)
            self._add_value(function, name, root)

    @property
    def texts(self) -> list[str]:
        """The helpers' definitions."""
        return [d.text for d in sorted(self._definitions.values(), key=lambda d: (d.file, d.first_line))]

    def _add_names(self, function: FunctionType, names: Iterator[FreeName]) -> None:
        for name in names:
            if name.name.startswith("__") and freenames.is_built_in(name.name):
                continue
            if name.name in function.__globals__:
                self._add_value(function, name, function.__globals__[name.name])
            elif self._complete and not freenames.is_built_in(name.name) and name.name not in map(_name_of, self._roots):
                self._refuse(function, name, "is defined nowhere", "define it at the top of the file, or inside the function")

    def _add_value(self, function: FunctionType, name: FreeName, value: object) -> None:
        runner_name = _in_runner(value)
        if runner_name == "kflite":
            self.lines.add(f"class {name.name}:\n    dsl = dsl\n")
        elif runner_name:
            if runner_name != name.name:
                self.lines.add(f"{name.name} = {runner_name}\n")
        elif self._values.get(name.name) in (value, getattr(value, "python_func", value)):
            return
        elif statement := imports.of_typing(name.name, value):
            self.lines.add(statement.line)
        elif _unwrapped(value) and getattr(value, "__module__", "") == function.__module__:
            self._add_definition(value, function, name)
        elif (statement := imports.of_name(function, name.name, value)) and self._importable(statement, name, value):
            self.lines.add(statement.line)
            self.modules.update(statement.modules)
        else:
            self._refuse(function, name, *_why_not(function, name.name, value))

    def _add_imports(self, function: FunctionType, definition: Definition) -> None:
        """Add the project's modules that a definition imports itself."""
        for node in ast.walk(definition.node):
            if isinstance(node, ast.ImportFrom) and node.level:
                module = project.origin(node, imports.package_of(function))
                remedy = f"write `from {module} import {node.names[0].name}`"
                self._refuse(function, FreeName("." * node.level, node.lineno), "means nothing elsewhere", remedy)
        self.modules.update(project.imported(definition.node, ""))

    def _importable(self, statement: Import, name: FreeName, value: object) -> bool:
        """Whether the name may be imported before the code, as definitions cannot import what they need at definition time."""
        return (name.at_definition or statement.of_project) and not is_component(value)

    def _add_definition(self, value: object, user: FunctionType, name: FreeName) -> None:
        unwrapped = _unwrapped(value)
        if unwrapped is None:
            self._refuse(user, name, "is neither a function nor a class", "pass what it holds as a parameter")
        own_name = unwrapped.__name__
        if self._values.setdefault(own_name, value) is not value:
            self._refuse(user, name, f"and another {own_name!r} are both used", "rename one of them")
        if name.name != own_name and self._values.setdefault(name.name, value) is value:
            self.aliases.append(f"{name.name} = {own_name}\n")
        if own_name in self._definitions or value is self._values.get(self._owner):
            return
        if isinstance(unwrapped, FunctionType):
            refuse_closure(unwrapped, self._roots)
            definition: Definition | None = definitions.of_function(unwrapped)
            scope = unwrapped
        else:
            definition, scope = definitions.of_class(unwrapped, user.__code__.co_filename, user.__globals__), user
        if definition is None:
            self._refuse(user, name, "is a class that is not at the top of the file", "define it there, or inside the function")
        self._definitions[own_name] = definition
        self._add_names(scope, freenames.of_definition(definition))
        self._add_imports(scope, definition)
        if is_model(unwrapped):
            self._add_names(scope, (name for name in freenames.of_fields(definition) if name.name in scope.__globals__))

    def _refuse(self, function: FunctionType, name: FreeName, what: str, remedy: str) -> NoReturn:
        where = f"{function.__code__.co_filename}:{name.line}: component {self._owner}()"
        raise CompileError(f"{where} uses {name.name!r}, which {what}, so it cannot be shipped: {remedy}")


def _unwrapped(value: object) -> FunctionType | type | None:
    """The function or class inside decorators that keep it in `__wrapped__`."""
    value = inspect.unwrap(value) if callable(value) else value
    return value if isinstance(value, FunctionType | type) else None


def _in_runner(value: object) -> str | None:
    if isinstance(value, ModuleType) and value.__name__ in ("kflite", "kflite.dsl"):
        return value.__name__.removeprefix("kflite.")
    return _IN_RUNNER.get(id(value))


def _why_not(function: FunctionType, name: str, value: object) -> tuple[str, str]:
    if is_component(value):
        return "is a component", "call it in the pipeline, and move code that both use into a plain function"
    line = definitions.import_line(function.__code__.co_filename, name)
    if line or isinstance(value, ModuleType):
        return "is imported outside of it", f"write `{line or 'import ' + name}` inside the function"
    return "is a variable of the module", "pass it as a parameter, or define it inside the function"


def is_component(value: object) -> bool:
    """Whether a value is a component, which is useless inside component code."""
    from kflite.dsl.component import Component

    return isinstance(value, Component)


def refuse_closure(function: FunctionType, shipped: Sequence[object] = ()) -> None:
    """Raise CompileError if code uses a variable of the enclosing function that is not shipped."""
    code = function.__code__
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        if name != function.__name__ and not any(_holds(cell, one, name) for one in shipped):
            where = f"{code.co_filename}:{freenames.line_of_variable(code, name)}"
            what = f"component code {function.__name__}() uses {name!r}, which is a variable of the enclosing function"
            raise CompileError(f"{where}: {what}, so it cannot be shipped: pass it as a parameter, or define it inside")


def _name_of(value: object) -> str:
    return str(getattr(value, "__name__", ""))


def _holds(cell: CellType, value: object, name: str) -> bool:
    """Whether a variable of the enclosing function is a shipped value with the same name."""
    try:
        return cell.cell_contents is value and _name_of(value) == name
    except ValueError:  # nothing has been assigned yet
        return False
