"""Components: what can be called in a pipeline to make a task. Here the Python component; others have files of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, ParamSpec, TypeVar, overload

from kflite.dsl import trace
from kflite.dsl.channels import Channel
from kflite.dsl.definitions import of_function
from kflite.dsl.interface import Input, Interface, interface_of, place_of
from kflite.dsl.source import Source
from kflite.dsl.task import Argument, Task
from kflite.dsl.types import Parameter, fits, type_of
from kflite.errors import CompileError

DEFAULT_IMAGE = "python:3.11"
P = ParamSpec("P")
R = TypeVar("R")


class Component:
    """Something with a name and an interface; calling it in a pipeline makes a task. place: where it is defined, file:line.

    has_container: it runs an image itself.
    """

    has_container = True

    def __init__(self, name: str, interface: Interface, place: str) -> None:
        self.name = name
        self.interface = interface
        self.place = place

    def __call__(self, *arguments: Argument, **named: Argument) -> Task:
        """A task of the component. Raises CompileError outside a pipeline, and for arguments that do not fit the inputs."""
        return Task(self, checked(self, self._by_name(arguments, named)))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def _by_name(self, arguments: tuple[Argument, ...], named: dict[str, Argument]) -> dict[str, Argument]:
        names = [name for name, spec in self.interface.inputs.items() if not spec.is_final_status]
        if len(arguments) > len(names):
            raise trace.refused(f"{self.name}() takes {len(names)} inputs, and {len(arguments)} were given")
        found = dict(zip(names, arguments, strict=False))
        double = sorted(set(found) & set(named))
        if double:
            raise trace.refused(f"{self.name}() was given its input {double[0]!r} twice")
        return found | named


class PythonComponent(Component, Generic[P, R]):
    """A component made from a function, whose source is shipped. python_func: the function itself, for tests."""

    def __init__(self, function: Callable[P, R], image: str, packages: Packages, helpers: Sequence[object]) -> None:
        super().__init__(trace.kebab(function.__name__), interface_of(function), place_of(function))
        self.python_func = function
        self.image = image
        self.packages = packages
        self.source = Source(function, self.interface, helpers)
        self.description = function.__doc__ or ""

    def execute(self, *arguments: P.args, **named: P.kwargs) -> R:
        """Calls the function as plain Python."""
        return self.python_func(*arguments, **named)


class Packages:
    """What is installed before a Python component runs. index_urls: the first replaces pip's own."""

    def __init__(self, names: Sequence[str], index_urls: Sequence[str], trusted_hosts: Sequence[str]) -> None:
        for what, words in (("packages_to_install", names), ("pip_index_urls", index_urls), ("pip_trusted_hosts", trusted_hosts)):
            if isinstance(words, str) or not all(isinstance(word, str) for word in words):
                raise trace.refused(f"{what} is {words!r}: give a list of texts")
        self.names, self.index_urls, self.trusted_hosts = tuple(names), tuple(index_urls), tuple(trusted_hosts)


@overload
def component(func: Callable[P, R]) -> PythonComponent[P, R]: ...
@overload
def component(
    func: None = None,
    *,
    base_image: str | None = None,
    packages_to_install: Sequence[str] | None = None,
    pip_index_urls: Sequence[str] | None = None,
    pip_trusted_hosts: Sequence[str] | None = None,
    additional_funcs: Sequence[Callable[..., object]] | None = None,
) -> Callable[[Callable[P, R]], PythonComponent[P, R]]: ...
def component(
    func: Callable[P, R] | None = None,
    *,
    base_image: str | None = None,
    packages_to_install: Sequence[str] | None = None,
    pip_index_urls: Sequence[str] | None = None,
    pip_trusted_hosts: Sequence[str] | None = None,
    additional_funcs: Sequence[Callable[..., object]] | None = None,
) -> PythonComponent[P, R] | Callable[[Callable[P, R]], PythonComponent[P, R]]:
    """Makes a component from a typed function; its source, and that of the helpers it uses, is what runs.

    base_image: the image, where containers are used; packages_to_install: pip requirements; additional_funcs: helpers that the
    source does not name. Raises CompileError for what cannot be shipped or passed, with file, line and remedy.
    """

    def make(function: Callable[P, R]) -> PythonComponent[P, R]:
        of_function(function)
        packages = Packages(packages_to_install or (), pip_index_urls or (), pip_trusted_hosts or ())
        return PythonComponent(function, base_image or DEFAULT_IMAGE, packages, additional_funcs or ())

    return make(func) if func else make


def checked(component: Component, arguments: Mapping[str, Argument]) -> dict[str, Argument]:
    """The arguments that were given, fit for the component's inputs; None for an optional input counts as not given."""
    where, inputs = f"{trace.caller()}: {component.name}()", component.interface.inputs
    unknown = sorted(set(arguments) - set(inputs))
    if unknown:
        raise CompileError(f"{where} has no input {unknown[0]!r}: it has {', '.join(inputs) or 'none'}")
    given = {name: value for name, value in arguments.items() if value is not None}
    for name, spec in inputs.items():
        if name in given:
            _check(where, name, given[name], spec)
        elif not spec.optional and not spec.is_final_status:
            raise CompileError(f"{where} needs the input {name!r} ({spec.type}): pass {name}=...")
    return given


def _check(where: str, name: str, value: Argument, spec: Input) -> None:
    if spec.is_final_status:
        raise CompileError(f"{where}: {name!r} is filled in by the exit handler: do not pass it")
    given = value.type if isinstance(value, Channel) else _constant_type(where, name, value)
    if not isinstance(value, Channel) and not isinstance(spec.type, Parameter):
        what = f"{name!r} is an artifact ({spec.type}), and {value!r} is a constant"
        raise CompileError(f"{where}: {what}: pass a task's output or dsl.importer()")
    if not fits(given, spec.type):
        raise CompileError(
            f"{where}: {name!r} is declared as {spec.type}, and it was given {_shown(value)} ({given}): change one of them"
        )


def _constant_type(where: str, name: str, value: Argument) -> Parameter | None:
    if isinstance(value, Task):
        raise CompileError(f"{where}: {name!r} was given the task {value.name!r}: pass one of its outputs")
    kind = type_of(value)
    for part in _parts(value):
        if kind is None or (type_of(part) is None and part is not None and not isinstance(part, Channel)):
            raise CompileError(f"{where}: {name!r} was given {part!r}, which JSON cannot hold: pass text, numbers, lists, dicts")
    return kind


def _parts(value: object) -> Iterator[object]:
    """A constant and all that it holds."""
    yield value
    if isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _parts(item)


def _shown(value: Argument) -> str:
    return f"the {value.title}" if isinstance(value, Channel) else repr(value)
