"""Components: what can be called in a pipeline to make a task. Each kind has a file of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kflite.core.value import Value
from kflite.dsl import trace
from kflite.dsl.channels import Channel
from kflite.dsl.interface import Input, Interface
from kflite.dsl.task import Argument, Task
from kflite.dsl.types import Parameter, fits, type_of, unfit
from kflite.errors import CompileError
from kflite.runtime.typed import as_json


class Component:
    """Something with a name and an interface; calling it in a pipeline makes a task. place: where it is defined, file:line.

    has_container: it runs an image itself; has_tasks: it is a pipeline.
    """

    has_container = True
    has_tasks = False

    def __init__(self, name: str, interface: Interface, place: str) -> None:
        self.name = name
        self.interface = interface
        self.place = place

    def __call__(self, *arguments: Argument, **named: Argument) -> Task:
        """A task of the component. Raises CompileError outside a pipeline, and for arguments that do not fit the inputs."""
        given = self._by_name(arguments, named)
        call = trace.outside()
        return call(self, given) if call else Task(self, checked(self, given))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    @property
    def words(self) -> Sequence[str]:
        """The words of its command that are of its own."""
        return ()

    @property
    def asked(self) -> Mapping[str, Value]:
        """What a pipeline asks for as a whole, as IR has it."""
        return {}

    def _by_name(self, arguments: tuple[Argument, ...], named: dict[str, Argument]) -> dict[str, Argument]:
        names = [name for name, spec in self.interface.inputs.items() if not spec.is_given]
        if len(arguments) > len(names):
            raise trace.refused(f"{self.name}() takes {len(names)} inputs, and {len(arguments)} were given")
        found = dict(zip(names, arguments, strict=False))
        double = sorted(set(found) & set(named))
        if double:
            raise trace.refused(f"{self.name}() was given its input {double[0]!r} twice")
        return found | named


def checked(component: Component, arguments: Mapping[str, Argument]) -> dict[str, Argument]:
    """The arguments that were given, fit for the component's inputs; None for an optional input counts as not given."""
    where, inputs = f"{trace.caller()}: {component.name}()", component.interface.inputs
    unknown = sorted(set(arguments) - set(inputs))
    if unknown:
        raise CompileError(f"{where} has no input {unknown[0]!r}: it has {', '.join(inputs) or 'none'}")
    given = {name: as_json(value) for name, value in arguments.items() if value is not None}
    for name, spec in inputs.items():
        if name in given:
            _check(where, name, given[name], spec)
        elif not spec.optional and not spec.is_given:
            raise CompileError(f"{where} needs the input {name!r} ({spec.type}): pass {name}=...")
    return given


def _check(where: str, name: str, value: Argument, spec: Input) -> None:
    if spec.is_given:
        source = "the exit handler" if spec.is_final_status else "the task's own settings"
        raise CompileError(f"{where}: {name!r} is filled in by {source}: do not pass it")
    given = value.type if isinstance(value, Channel) else _constant_type(where, name, value)
    if not isinstance(value, Channel) and not isinstance(spec.type, Parameter):
        what = f"{name!r} is an artifact ({spec.type}), and {value!r} is a constant"
        raise CompileError(f"{where}: {what}: pass a task's output or dsl.importer()")
    if not fits(given, spec.type):
        raise CompileError(
            f"{where}: {name!r} is declared as {spec.type}, and it was given {_shown(value)} ({given}): change one of them"
        )
    known = spec.is_bounded and not any(isinstance(part, Channel) or "{{$" in str(part) for part in _parts(value))
    if known and (why := unfit(value, spec.type)):
        raise CompileError(f"{where}: {name!r} is declared as {spec.type}, and {value!r} {why}: change one of them")


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
