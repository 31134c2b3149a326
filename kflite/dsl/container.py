"""Container components: any image, with a command that refers to inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from kflite.core.frozen import dataclass
from kflite.dsl import trace
from kflite.dsl.component import Component
from kflite.dsl.interface import Input, Interface, Output, interface_of, location_of
from kflite.dsl.placeholders import ArtifactText, ConcatPlaceholder, IfPresentPlaceholder, InputValue, OutputFile, Word
from kflite.dsl.types import ArtifactType
from kflite.errors import CompileError


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """The container of a component. Without a command, the args go to the image's own entrypoint."""

    image: str | InputValue
    command: Sequence[Word] = ()
    args: Sequence[Word] = ()


class CommandComponent(Component):
    """A component that runs an image with a command. command, args: words, with placeholders."""

    image: str
    command: list[str]
    args: list[str]
    env: Mapping[str, str] = MappingProxyType({})

    @property
    def words(self) -> list[str]:
        return [*self.command, *self.args]


class ContainerComponent(CommandComponent):
    """A component from a function that returns a ContainerSpec."""

    def __init__(self, function: Callable[..., ContainerSpec]) -> None:
        interface = interface_of_container(function)
        super().__init__(trace.kebab(function.__name__), interface, location_of(function))
        self.description = function.__doc__ or ""
        spec: object = function(**_texts(interface))
        if not isinstance(spec, ContainerSpec):
            where = f"{location_of(function)}: {function.__name__}()"
            raise CompileError(f"{where} returned {spec!r}: a container component returns dsl.ContainerSpec")
        self.image = str(spec.image)
        self.command = self._words(function, "command", spec.command)
        self.args = self._words(function, "args", spec.args)

    def _words(self, function: Callable[..., object], part: str, words: Sequence[Word]) -> list[str]:
        where = f"{location_of(function)}: the {part} of {function.__name__}()"
        if isinstance(words, str):
            raise CompileError(f"{where} is one text: give a list of words")
        for word in words or ():
            if not isinstance(word, Word):
                raise CompileError(f"{where} holds {word!r}: give texts, inputs and outputs; write numbers as texts")
            self._check_names(where, word)
        return [str(word) for word in words or ()]

    def _check_names(self, where: str, word: object) -> None:
        if isinstance(word, IfPresentPlaceholder):
            if word.input_name not in self.interface.inputs:
                raise CompileError(f"{where} asks for the input {word.input_name!r}: it has {list(self.interface.inputs)}")
            for part in (word.then, word.else_):
                self._check_names(where, part)
        elif isinstance(word, ConcatPlaceholder | list | tuple):
            for part in word.items if isinstance(word, ConcatPlaceholder) else word:
                self._check_names(where, part)


def container_component(func: Callable[..., ContainerSpec]) -> ContainerComponent:
    """Create a component from a function that returns a ContainerSpec; it is called once, with placeholders as arguments."""
    return ContainerComponent(func)


def interface_of_container(function: Callable[..., object]) -> Interface:
    """The interface of a container component, which ignores the return annotation."""
    annotations = function.__annotations__
    return_annotation = annotations.pop("return", None)
    try:
        return interface_of(function)
    finally:
        if return_annotation is not None:
            annotations["return"] = return_annotation


def _texts(interface: Interface) -> dict[str, object]:
    input_texts: dict[str, object] = {name: _input_text(name, spec) for name, spec in interface.inputs.items()}
    return input_texts | {name: _output_text(name, spec) for name, spec in interface.outputs.items()}


def _input_text(name: str, spec: Input) -> object:
    if not isinstance(spec.type, ArtifactType):
        return InputValue(name)
    text = ArtifactText(name, "inputs")
    return text.path if spec.way == "path" else text


def _output_text(name: str, spec: Output) -> object:
    if not isinstance(spec.type, ArtifactType):
        return OutputFile(name)
    text = ArtifactText(name, "outputs")
    return text.path if spec.way == "path" else text
