"""Components: called in a pipeline, they create tasks. Each kind has its own file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kflite.core.value import Value
from kflite.dsl import trace
from kflite.dsl.channels import Channel
from kflite.dsl.interface import Input, Interface
from kflite.dsl.task import Argument, PipelineTask
from kflite.dsl.types import Parameter, fits, type_of, value_problem
from kflite.errors import CompileError
from kflite.runtime.typed import as_json


class Component:
    """A component with a name and an interface; calling it in a pipeline creates a task. location: of its definition, file:line.

    has_container: it runs an image itself; has_tasks: it is a pipeline.
    """

    has_container = True
    has_tasks = False

    def __init__(self, name: str, interface: Interface, location: str) -> None:
        self.name = name
        self.interface = interface
        self.location = location

    def __call__(self, *arguments: Argument, **named: Argument) -> PipelineTask:
        """A task of the component. Raises CompileError outside a pipeline, and for arguments that do not fit the inputs."""
        by_name = self._by_name(arguments, named)
        call = trace.outside_handler()
        return call(self, by_name) if call else PipelineTask(self, checked_arguments(self, by_name))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    @property
    def words(self) -> Sequence[str]:
        """The component's own words in its command."""
        return ()

    @property
    def requested_config(self) -> Mapping[str, Value]:
        """A pipeline's configuration in IR; {} for other components."""
        return {}

    def _by_name(self, arguments: tuple[Argument, ...], named: dict[str, Argument]) -> dict[str, Argument]:
        names = [name for name, spec in self.interface.inputs.items() if not spec.is_provided]
        if len(arguments) > len(names):
            raise trace.refused(f"{self.name}() takes {len(names)} inputs, and {len(arguments)} were given")
        positional = dict(zip(names, arguments, strict=False))
        duplicates = sorted(set(positional) & set(named))
        if duplicates:
            raise trace.refused(f"{self.name}() was given its input {duplicates[0]!r} twice")
        return positional | named


def checked_arguments(component: Component, arguments: Mapping[str, Argument]) -> dict[str, Argument]:
    """The arguments, checked against the component's inputs; None for an optional input counts as not given."""
    where, inputs = f"{trace.caller()}: {component.name}()", component.interface.inputs
    unknown = sorted(set(arguments) - set(inputs))
    if unknown:
        raise CompileError(f"{where} has no input {unknown[0]!r}: it has {', '.join(inputs) or 'none'}")
    present = {name: as_json(value) for name, value in arguments.items() if value is not None}
    for name, spec in inputs.items():
        if name in present:
            _check(where, name, present[name], spec)
        elif not spec.optional and not spec.is_provided:
            raise CompileError(f"{where} needs the input {name!r} ({spec.type}): pass {name}=...")
    return present


def _check(where: str, name: str, value: Argument, spec: Input) -> None:
    if spec.is_provided:
        source = "the exit handler" if spec.is_final_status else "the task's own settings"
        raise CompileError(f"{where}: {name!r} is filled in by {source}: do not pass it")
    given_type = value.type if isinstance(value, Channel) else _constant_type(where, name, value)
    if not isinstance(value, Channel) and not isinstance(spec.type, Parameter):
        what = f"{name!r} is an artifact ({spec.type}), and {value!r} is a constant"
        raise CompileError(f"{where}: {what}: pass a task's output or dsl.importer()")
    if not fits(given_type, spec.type):
        raise CompileError(
            f"{where}: {name!r} is declared as {spec.type}, and it was given {_described(value)} ({given_type}): "
            "change one of them"
        )
    is_constant = spec.is_bounded and not any(isinstance(part, Channel) or "{{$" in str(part) for part in _parts(value))
    if is_constant and (problem := value_problem(value, spec.type)):
        raise CompileError(f"{where}: {name!r} is declared as {spec.type}, and {value!r} {problem}: change one of them")


def _constant_type(where: str, name: str, value: Argument) -> Parameter | None:
    if isinstance(value, PipelineTask):
        raise CompileError(f"{where}: {name!r} was given the task {value.name!r}: pass one of its outputs")
    kind = type_of(value)
    for part in _parts(value):
        if kind is None or (type_of(part) is None and part is not None and not isinstance(part, Channel)):
            raise CompileError(f"{where}: {name!r} was given {part!r}, which JSON cannot hold: pass text, numbers, lists, dicts")
    return kind


def _parts(value: object) -> Iterator[object]:
    """A constant, and all values in it."""
    yield value
    if isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _parts(item)


def _described(value: Argument) -> str:
    return f"the {value.title}" if isinstance(value, Channel) else repr(value)
