"""The source that is shipped for a component: the function, the helpers of its module that it uses, and nothing else."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import FunctionType, ModuleType
from typing import NoReturn

from kflite.artifacts import ARTIFACTS, Artifact, PipelineTaskFinalStatus, TaskConfig
from kflite.dsl import definitions, freenames, imports, project
from kflite.dsl.annotations import EmbeddedInput, Input, Output
from kflite.dsl.definitions import Definition
from kflite.dsl.embedded import Embedded
from kflite.dsl.freenames import FreeName
from kflite.dsl.imports import Import
from kflite.dsl.interface import Interface
from kflite.dsl.types import CONFIG, PYTHON_NAMES, ArtifactType, Parameter, Type
from kflite.errors import CompileError
from kflite.typed import as_json, is_model

_FIRST_LINE = "from __future__ import annotations\n"
_IN_RUNNER: dict[int, str] = {id(kind): kind.__name__ for kind in (*ARTIFACTS, PipelineTaskFinalStatus, TaskConfig)}
_IN_RUNNER |= {id(Input): "Input", id(Output): "Output", id(EmbeddedInput): "EmbeddedInput"}


@dataclass(frozen=True, slots=True)
class Cargo:
    """What a component brings along beside its source, and whether it is passed its task's settings.

    runs: the text of kflite.dsl.cells, where a notebook is embedded.
    """

    embedded: Embedded | None = None
    runs: str = ""
    config: bool = False

    def lines(self, modules: Mapping[str, str]) -> Iterator[str]:
        """What the source begins with. modules: of the user's project, by path."""
        files = {**modules, **({"kflite_cells.py": self.runs} if self.runs else {})}
        if files:
            yield f"__files__({json.dumps(files)})\n"
        if self.runs and self.embedded:
            yield f"dsl.run_notebook = run_notebook = __import__('kflite_cells').runner({self.embedded.expression})\n"
        elif self.embedded:
            yield f"{self.embedded.expression}\n"


class Source:
    """A component function's source. Raises CompileError for what cannot be shipped; `text` also for what is still not defined.

    helpers: functions and classes to ship besides those that the code names.
    """

    def __init__(self, function: Callable[..., object], interface: Interface, helpers: Sequence[object], cargo: Cargo) -> None:
        self._definition = definitions.of_function(function)
        assert isinstance(function, FunctionType)
        self._function, self._interface, self._cargo = function, interface, cargo
        models = [m for spec in interface.inputs.values() if (m := _model(spec.type))]
        self._roots = [*helpers, *_own_artifact_classes(function), *dict.fromkeys(models)]
        if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise CompileError(f"{self._where()}: {function.__name__}() is async or a generator: a component is a plain function")
        if hasattr(function, "__wrapped__"):
            raise CompileError(
                f"{self._where()}: a decorator of {function.__name__}() would be lost: call it inside the function"
            )
        _refuse_closure(function)
        Shipment(function, self._roots, complete=False)

    @cached_property
    def text(self) -> str:
        """The program that the runner executes before it calls the function."""
        shipment = Shipment(self._function, self._roots, complete=True)
        own = self._definition.body_under(f"def {self._function.__name__}({', '.join(self._parameters())}):")
        head = [_FIRST_LINE, *self._cargo.lines(project.files(shipment.modules)), *sorted(shipment.lines)]
        return "".join([*head, *shipment.texts, *shipment.aliases, *self._types(), own])

    @property
    def signature(self) -> dict[str, dict[str, str]]:
        """What the runner must know of the interface beside executor_input."""
        ways = {name: "path" for name, spec in self._interface.inputs.items() if spec.way == "path"}
        ways |= {name: "path" for name, spec in self._interface.outputs.items() if spec.way == "path"}
        for name, spec in self._interface.inputs.items():
            if spec.is_final_status:
                ways[name] = "status"
            elif spec.type == Parameter(CONFIG):
                ways[name] = "config" if self._cargo.config else "empty config"
            elif isinstance(spec.type, ArtifactType) and spec.type.is_list:
                ways[name] = "list"
        returned = {name: spec.type for name, spec in self._interface.outputs.items() if spec.way == "return"}
        kinds = {n: PYTHON_NAMES[kind.ir] if isinstance(kind, Parameter) else "artifact" for n, kind in returned.items()}
        embedded = {name: kind.title for name, kind in self._interface.embedded.items() if isinstance(kind, ArtifactType)}
        return {part: words for part, words in (("inputs", ways), ("outputs", kinds), ("embedded", embedded)) if words}

    def _types(self) -> Iterator[str]:
        """What tells the runner which inputs are to be objects."""
        built = {n: i.type.built for n, i in self._interface.inputs.items() if isinstance(i.type, Parameter) and i.type.built}
        if built:
            yield f"__types__ = {{{', '.join(f'{name!r}: {_expression(kind)}' for name, kind in built.items())}}}\n"

    def _parameters(self) -> Iterator[str]:
        keyword_only = False
        for parameter in inspect.signature(self._function).parameters.values():
            if parameter.kind is parameter.KEYWORD_ONLY and not keyword_only:
                keyword_only = True
                yield "*"
            yield parameter.name if parameter.default is parameter.empty else f"{parameter.name}={as_json(parameter.default)!r}"

    def _where(self) -> str:
        return f"{self._definition.file}:{self._definition.node.lineno}"


class Shipment:
    """What a function needs: import and alias lines, texts of helpers in the order of the file, names of other modules.

    complete: a name that is not defined yet is an error.
    """

    def __init__(self, function: FunctionType, roots: Sequence[object], complete: bool) -> None:
        self._owner = function.__name__
        self._complete = complete
        self._found: dict[str, Definition] = {}
        self._values: dict[str, object] = {function.__name__: function}
        self.lines: set[str] = set()
        self.modules: set[str] = set()
        self.aliases: list[str] = []
        self._take(function, freenames.of_code(function.__code__))
        for root in roots:
            self._ship(root, function, FreeName(getattr(root, "__name__", repr(root)), function.__code__.co_firstlineno))

    @property
    def texts(self) -> list[str]:
        """The helpers' definitions."""
        return [d.text for d in sorted(self._found.values(), key=lambda d: (d.file, d.first_line))]

    def _take(self, function: FunctionType, names: Iterator[FreeName]) -> None:
        for name in names:
            if name.name.startswith("__") and freenames.is_built_in(name.name):
                continue
            if name.name in function.__globals__:
                self._take_value(function, name, function.__globals__[name.name])
            elif self._complete and not freenames.is_built_in(name.name):
                self._refuse(function, name, "is defined nowhere", "define it at the top of the file, or inside the function")

    def _take_value(self, function: FunctionType, name: FreeName, value: object) -> None:
        known = _in_runner(value)
        if known == "kflite":
            self.lines.add(f"class {name.name}:\n    dsl = dsl\n")
        elif known:
            if known != name.name:
                self.lines.add(f"{name.name} = {known}\n")
        elif self._values.get(name.name) in (value, getattr(value, "python_func", value)):
            return
        elif found := imports.of_typing(name.name, value):
            self.lines.add(found.line)
        elif _plain(value) and getattr(value, "__module__", "") == function.__module__:
            self._ship(value, function, name)
        elif (found := imports.of_name(function, name.name, value)) and self._importable(found, name, value):
            self.lines.add(found.line)
            self.modules.update(found.modules)
        else:
            self._refuse(function, name, *_why_not(function, name.name, value))

    def _importable(self, found: Import, name: FreeName, value: object) -> bool:
        """Whether the code may have the name by an import before it: a definition cannot import what it needs by itself."""
        return (name.at_definition or found.of_project) and not is_component(value)

    def _ship(self, value: object, user: FunctionType, name: FreeName) -> None:
        bare = _plain(value)
        if bare is None:
            self._refuse(user, name, "is neither a function nor a class", "pass what it holds as a parameter")
        own_name = bare.__name__
        if self._values.setdefault(own_name, value) is not value:
            self._refuse(user, name, f"and another {own_name!r} are both used", "rename one of them")
        if name.name != own_name and self._values.setdefault(name.name, value) is value:
            self.aliases.append(f"{name.name} = {own_name}\n")
        if own_name in self._found or value is self._values.get(self._owner):
            return
        if isinstance(bare, FunctionType):
            _refuse_closure(bare)
            definition: Definition | None = definitions.of_function(bare)
            scope = bare
        else:
            definition, scope = definitions.of_class(bare, user.__code__.co_filename, user.__globals__), user
        if definition is None:
            self._refuse(user, name, "is a class that is not at the top of the file", "define it there, or inside the function")
        self._found[own_name] = definition
        self._take(scope, freenames.of_definition(definition))
        if is_model(bare):
            self._take(scope, (name for name in freenames.of_fields(definition) if name.name in scope.__globals__))

    def _refuse(self, function: FunctionType, name: FreeName, what: str, remedy: str) -> NoReturn:
        where = f"{function.__code__.co_filename}:{name.line}: component {self._owner}()"
        raise CompileError(f"{where} uses {name.name!r}, which {what}, so it cannot be shipped: {remedy}")


def _model(kind: Type) -> type | None:
    while isinstance(kind, Parameter) and kind.items:
        kind = kind.items
    return kind.model if isinstance(kind, Parameter) else None


def _expression(kind: object) -> str:
    return f"[{_expression(kind[0])}]" if isinstance(kind, list) else kind.__name__  # type: ignore[attr-defined]


def _plain(value: object) -> FunctionType | type | None:
    """The function or class that a definition made, below decorators that keep it in `__wrapped__`."""
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
    """Whether a value makes tasks, so that code which runs in one has no use for it."""
    from kflite.dsl.component import Component

    return isinstance(value, Component)


def _refuse_closure(function: FunctionType) -> None:
    code = function.__code__
    for name in code.co_freevars:
        if name != function.__name__:
            where = f"{code.co_filename}:{freenames.line_of_variable(code, name)}"
            what = f"component code {function.__name__}() uses {name!r}, which is a variable of the enclosing function"
            raise CompileError(f"{where}: {what}, so it cannot be shipped: pass it as a parameter, or define it inside")


def _own_artifact_classes(function: FunctionType) -> list[type]:
    hints = inspect.get_annotations(function, eval_str=True).values()
    parts = [part for hint in hints for part in (hint, *getattr(hint, "__args__", ()))]
    kinds = [part for part in parts if isinstance(part, type) and issubclass(part, Artifact) and part not in ARTIFACTS]
    return [kind for kind in kinds if kind.__module__ == function.__module__]
