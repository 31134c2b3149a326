"""Component files of KFP's version 1: a container, whose command refers to inputs and outputs by their titles.

Source: the documentation of `kfp.components` 1.8, and what kfp 2 makes of such files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from kflite.core.value import Value
from kflite.dsl import trace
from kflite.dsl.container import CommandComponent
from kflite.dsl.interface import Input, Interface, Output
from kflite.dsl.placeholders import ArtifactText, ConcatPlaceholder, IfPresentPlaceholder, InputValue, OutputFile, Word
from kflite.dsl.types import ArtifactType, Parameter, Type, fits, type_of
from kflite.errors import CompileError
from kflite.ir.document import Document

_PARAMETERS = {
    "STRING": ("string", "str", "text"),
    "NUMBER_INTEGER": ("integer", "int"),
    "NUMBER_DOUBLE": ("double", "float"),
    "BOOLEAN": ("boolean", "bool"),
    "LIST": ("list", "jsonarray"),
    "STRUCT": ("dict", "jsonobject"),
}
_ARTIFACTS = ("Dataset", "Model", "Metrics", "ClassificationMetrics", "SlicedClassificationMetrics", "HTML", "Markdown")
_TRUE, _FALSE = ("true", "t", "yes", "y", "on", "1"), ("false", "f", "no", "n", "off", "0")
_CONTAINER = ("image", "command", "args", "env")


def is_version_1(document: Document) -> bool:
    """Whether a document is a component of version 1."""
    return "implementation" in document and "pipelineInfo" not in document


class Version1Component(CommandComponent):
    """A component from such a file. Inputs and outputs have names in snake case, as in kfp 2."""

    def __init__(self, document: Document, source: str) -> None:
        self.location = source
        container = self._container(document)
        self._values = set(_values([container.get("command", []), container.get("args", [])]))
        inputs = {name: self._input(spec) for name, spec in self._named(document, "inputs")}
        outputs = {name: self._output(spec) for name, spec in self._named(document, "outputs")}
        super().__init__(trace.kebab(str(document.get("name") or "component")), Interface(inputs, outputs), source)
        self.description = str(document.get("description", ""))
        self.image = str(container["image"])
        self.command, self.args = (self._texts(container.get(part) or []) for part in ("command", "args"))
        self.env = {str(name): str(value) for name, value in (container.get("env") or {}).items()}

    def _refused(self, why: str) -> CompileError:
        return CompileError(f"{self.location}: {why}")

    def _container(self, document: Document) -> Document:
        declared = document["implementation"]
        container = declared.get("container") if isinstance(declared, dict) else None
        if not isinstance(container, dict) or not container.get("image"):
            raise self._refused("its implementation is no container with an image: rewrite it as a pipeline, by kflite.dsl")
        if "fileOutputs" in container:
            raise self._refused("fileOutputs are gone in KFP 2: give the path to the command, by {outputPath: NAME}")
        if unknown := [key for key in container if key not in _CONTAINER]:
            raise self._refused(f"implementation.container has the key {unknown[0]!r}: it may have {', '.join(_CONTAINER)}")
        return container

    def _named(self, document: Document, side: str) -> Iterator[tuple[str, Document]]:
        titles: dict[str, str] = {}
        for spec in document.get(side) or ():
            title = str(spec.get("name", ""))
            name = snake(title)
            if not name:
                raise self._refused(f"one of its {side} has no name: give it one")
            if name in titles:
                raise self._refused(f"its {side} {titles[name]!r} and {title!r} are both {name!r} in KFP 2: rename one of them")
            titles[name] = title
            yield name, spec

    def _input(self, spec: Document) -> Input:
        kind = self._type(spec, str(spec["name"]))
        default = spec.get("default")
        if default is not None and isinstance(kind, ArtifactType):
            raise self._refused(f"the input {spec['name']!r} is an artifact, and has a default: remove it, or use inputValue")
        value = self._default(str(spec["name"]), default, kind) if isinstance(kind, Parameter) and default is not None else None
        optional = bool(spec.get("optional")) or default is not None
        way = "value" if isinstance(kind, Parameter) else "artifact"
        return Input(kind, way, optional, value, str(spec.get("description", "")))

    def _output(self, spec: Document) -> Output:
        return Output(self._type(spec, ""), "return", str(spec.get("description", "")))

    def _type(self, spec: Document, title: str) -> Type:
        """The type in IR; an input of an unknown type is text if the command takes its value, else an artifact."""
        declared = spec.get("type")
        name = str(next(iter(declared)) if isinstance(declared, dict) and declared else declared or "")
        if matched := next((ir for ir, names in _PARAMETERS.items() if name.lower() in names), ""):
            return Parameter(matched)
        if matched := next((f"system.{kind}" for kind in _ARTIFACTS if kind.lower() == name.lower()), ""):
            return ArtifactType(matched)
        return Parameter("STRING") if title in self._values else ArtifactType()

    def _default(self, title: str, default: Value, kind: Parameter) -> Value:
        value = _parsed(default, kind.ir) if isinstance(default, str) else default
        spec = type_of(value)
        if spec is None or not fits(spec, kind):
            raise self._refused(f"the input {title!r} is declared as {kind}, and its default is {default!r}: change one of them")
        return float(value) if kind.ir == "NUMBER_DOUBLE" and isinstance(value, int) else value

    def _texts(self, words: object) -> list[str]:
        if not isinstance(words, list):
            raise self._refused(f"a command is {words!r}: give a list of words")
        return [str(self._word(word)) for word in words]

    def _word(self, word: object) -> Word:
        if not isinstance(word, dict):
            return json.dumps(word) if isinstance(word, bool) else str(word)
        ((key, value),) = word.items() if len(word) == 1 else ((", ".join(word), None),)
        if key == "executorInput":
            return "{{$}}"
        if key == "concat" and isinstance(value, list):
            return ConcatPlaceholder([self._word(part) for part in value])
        if key == "if" and isinstance(value, dict):
            return self._condition(value)
        return self._reference(key, value)

    def _condition(self, value: Document) -> Word:
        condition = value.get("cond")
        title = condition.get("isPresent") if isinstance(condition, dict) else None
        if title is None:
            raise self._refused(f"the condition {condition!r} is none that KFP 2 has: use {{isPresent: INPUT}}")
        name = self._known(str(title), "input")
        return IfPresentPlaceholder(
            name, self._part(value.get("then", [])), self._part(value["else"]) if value.get("else") else None
        )

    def _part(self, value: object) -> Word | list[Word]:
        return [self._word(word) for word in value] if isinstance(value, list) else self._word(value)

    def _reference(self, key: str, title: object) -> Word:
        match = re.fullmatch(r"(input|output)(Value|Path|Uri)", key)
        if not match or key == "outputValue":
            known = "inputValue, inputPath, inputUri, outputPath, outputUri, executorInput, concat or if"
            raise self._refused(f"{key!r} stands in the command: use {known}")
        side, name = match[1], self._known(str(title), match[1])
        kind = self.interface.inputs[name].type if side == "input" else self.interface.outputs[name].type
        if isinstance(kind, ArtifactType) and match[2] != "Value":
            text = ArtifactText(name, f"{side}s")
            return text.path if match[2] == "Path" else text.uri
        if isinstance(kind, Parameter) and key in ("inputValue", "outputPath"):
            return InputValue(name) if side == "input" else OutputFile(name)
        remedy = f"use {'inputPath' if isinstance(kind, ArtifactType) else f'{side}Value'.replace('outputValue', 'outputPath')}"
        raise self._refused(f"{key} is given {title!r}, which is {kind}: {remedy}, or change its type")

    def _known(self, title: str, side: str) -> str:
        known = self.interface.inputs if side == "input" else self.interface.outputs
        if snake(title) not in known:
            raise self._refused(f"the command refers to the {side} {title!r}: it has {', '.join(known) or 'none'}")
        return snake(title)


def snake(title: str) -> str:
    """KFP 2's name of an input or output with this title."""
    return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")


def _values(words: object) -> Iterator[str]:
    """The titles of inputs whose values, but not files, a command uses."""
    references = list(_references(words))
    as_files = {title for key, title in references if key in ("inputPath", "inputUri")}
    yield from (title for key, title in references if key == "inputValue" and title not in as_files)


def _references(words: object) -> Iterator[tuple[str, str]]:
    if isinstance(words, list):
        yield from (pair for word in words for pair in _references(word))
    elif isinstance(words, dict):
        for key, value in words.items():
            if isinstance(value, list | dict):
                yield from _references(value)
            else:
                yield str(key), str(value)


def _parsed(text: str, kind: str) -> Value:
    """A default's text converted to its type; the text itself if it is invalid."""
    if kind == "STRING":
        return text
    if kind == "BOOLEAN":
        return text.lower() in _TRUE if text.lower() in (*_TRUE, *_FALSE) else text
    try:
        parsed: Value = json.loads(text)
    except ValueError:
        return text
    return parsed
