"""The source that is shipped for a component: the function, and the helpers in its module that it uses."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from types import FunctionType
from typing import get_args

from kflite.core.frozen import dataclass
from kflite.core.value import Value
from kflite.dsl import definitions, project
from kflite.dsl.embedded import Embedded
from kflite.dsl.interface import Interface
from kflite.dsl.source_bundle import FunctionSources, refuse_closure
from kflite.dsl.types import CONFIG, PYTHON_NAMES, ArtifactType, Parameter, Type
from kflite.errors import CompileError
from kflite.runtime.artifacts import ARTIFACTS, Artifact
from kflite.runtime.typed import as_json

FIRST_LINE = "from __future__ import annotations\n"


@dataclass(frozen=True, slots=True)
class SourceBundle:
    """Files shipped with a component's source. config: whether it receives its task's settings.

    runner_text: the text of kflite.dsl.cells, if a notebook is embedded.
    """

    embedded: Embedded | None = None
    runner_text: str = ""
    config: bool = False

    def lines(self, modules: Mapping[str, str]) -> Iterator[str]:
        """The first lines of the source. modules: of the user's project, by path."""
        files = {**modules, **({"kflite_cells.py": self.runner_text} if self.runner_text else {})}
        if files:
            yield f"__files__({json.dumps(files)})\n"
        if self.runner_text and self.embedded:
            yield f"dsl.run_notebook = run_notebook = __import__('kflite_cells').runner({self.embedded.expression})\n"
        elif self.embedded:
            yield f"{self.embedded.expression}\n"


class Source:
    """A component function's source. Raises CompileError for code that cannot be shipped; `text` also for undefined names.

    helpers: functions and classes to ship in addition to those that the code names.
    """

    def __init__(
        self, function: Callable[..., object], interface: Interface, helpers: Sequence[object], bundle: SourceBundle
    ) -> None:
        self._definition = definitions.of_function(function)
        assert isinstance(function, FunctionType)
        self.function, self._interface, self._bundle = function, interface, bundle
        models = [m for spec in interface.inputs.values() if (m := _model(spec.type))]
        self.roots = [*_own_artifact_classes(function), *dict.fromkeys(models)]
        self._helpers = helpers
        if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise CompileError(f"{self._where()}: {function.__name__}() is async or a generator: a component is a plain function")
        if hasattr(function, "__wrapped__"):
            raise CompileError(
                f"{self._where()}: a decorator of {function.__name__}() would be lost: call it inside the function"
            )
        self.check()

    def check(self) -> None:
        """Raise CompileError for code that cannot be shipped."""
        refuse_closure(self.function, self._helpers)
        FunctionSources(self.function, [*self._helpers, *self.roots], complete=False)

    @cached_property
    def text(self) -> str:
        """The program that the runner executes before it calls the function."""
        sources = FunctionSources(self.function, [*self._helpers, *self.roots], complete=True)
        own = self._definition.body_under(f"def {self.function.__name__}({', '.join(self._parameters())}):")
        head = [FIRST_LINE, *self._bundle.lines(project.files(sources.modules)), *sorted(sources.lines)]
        return "".join([*head, *sources.texts, *sources.aliases, *self.types(), own])

    @property
    def signature(self) -> dict[str, Mapping[str, Value]]:
        """The part of the interface that the runner needs and executor_input lacks."""
        ways = {name: "path" for name, spec in self._interface.inputs.items() if spec.way == "path"}
        ways |= {name: "path" for name, spec in self._interface.outputs.items() if spec.way == "path"}
        for name, spec in self._interface.inputs.items():
            if spec.is_final_status:
                ways[name] = "status"
            elif spec.type == Parameter(CONFIG):
                ways[name] = "config" if self._bundle.config else "empty config"
            elif isinstance(spec.type, ArtifactType) and spec.type.is_list:
                ways[name] = "list"
        returned = {name: spec.type for name, spec in self._interface.outputs.items() if spec.way == "return"}
        kinds = {n: PYTHON_NAMES[kind.ir] if isinstance(kind, Parameter) else "artifact" for n, kind in returned.items()}
        literals: dict[str, Value] = {
            n: [*kind.literals] for n, kind in returned.items() if isinstance(kind, Parameter) and kind.literals
        }
        embedded = {name: kind.title for name, kind in self._interface.embedded.items() if isinstance(kind, ArtifactType)}
        parts: dict[str, Mapping[str, Value]] = {"inputs": ways, "outputs": kinds, "literals": literals, "embedded": embedded}
        return {part: words for part, words in parts.items() if words}

    def types(self) -> Iterator[str]:
        """The line that tells the runner which inputs to convert to objects."""
        built = {n: i.type.built for n, i in self._interface.inputs.items() if isinstance(i.type, Parameter) and i.type.built}
        if built:
            yield f"__types__ = {{{', '.join(f'{name!r}: {_expression(kind)}' for name, kind in built.items())}}}\n"

    def _parameters(self) -> Iterator[str]:
        keyword_only = False
        for parameter in inspect.signature(self.function).parameters.values():
            if parameter.kind is parameter.KEYWORD_ONLY and not keyword_only:
                keyword_only = True
                yield "*"
            yield parameter.name if parameter.default is parameter.empty else f"{parameter.name}={as_json(parameter.default)!r}"

    def _where(self) -> str:
        return f"{self._definition.file}:{self._definition.node.lineno}"


def _model(kind: Type) -> type | None:
    while isinstance(kind, Parameter) and kind.items:
        kind = kind.items
    return kind.model if isinstance(kind, Parameter) else None


def _expression(kind: object) -> str:
    if isinstance(kind, list):
        return f"[{_expression(kind[0])}]"
    return kind.__name__ if isinstance(kind, type) else f"__import__('typing').Literal[{get_args(kind)!r}]"


def _own_artifact_classes(function: FunctionType) -> list[type]:
    hints = inspect.get_annotations(function, eval_str=True).values()
    parts = [part for hint in hints for part in (hint, *getattr(hint, "__args__", ()))]
    kinds = [part for part in parts if isinstance(part, type) and issubclass(part, Artifact) and part not in ARTIFACTS]
    return [kind for kind in kinds if kind.__module__ == function.__module__]
