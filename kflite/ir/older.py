"""Pipelines of schema 2.0.0, which kfp 1.8 compiled for Vertex AI, as documents of 2.1.0 that say the same.

There a constant names its kind (`constantValue: {stringValue: x}`), types are INT, DOUBLE and STRING, and lists, mappings and
truth values are JSON in texts. Documents are not checked yet: what has another form stays as it is, for a check to tell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from copy import deepcopy

from kflite.core.value import Value

_TYPES = {"INT": "NUMBER_INTEGER", "DOUBLE": "NUMBER_DOUBLE", "STRING": "STRING"}
_KINDS = {"stringValue", "intValue", "doubleValue"}
_OLD, _NEW = "pipelineparam--", "pipelinechannel--"
_PLACEHOLDER = re.compile(rf"(\{{\{{\$\.inputs\.parameters\[['\"]){_OLD}")
_OPERAND = re.compile(r"inputs\.parameters\['([^']*)'\]\.(string|int|double)_value")
_Map = dict[str, Value]


def is_older(spec: Mapping[str, Value]) -> bool:
    """Whether a document is of schema 2.0.0."""
    return spec.get("schemaVersion") == "2.0.0"


def parameters(config: Value) -> _Map:
    """A job's parameters, as jobs of that time hold them: each value under its kind; plain ones, as KFP's runs have them, too."""
    return {name: _plain(told) for name, told in named(config, "parameters").items()}


def modern(spec: Mapping[str, Value]) -> _Map:
    """The pipeline as 2.1.0 has it."""
    document = deepcopy(dict(spec)) | {"schemaVersion": "2.1.0"}
    document |= {key: _renamed(document[key]) for key in ("root", "components") if key in document}
    components = named(document, "components")
    bodies = [named(document, "root"), *components.values()]
    for body in bodies:
        _declare(body)
    for body in bodies:
        for task in named(body, "dag", "tasks").values():
            _fill(task, named(components, str(named(task, "componentRef").get("name"))))
    for executor in named(document, "deploymentSpec", "executors").values():
        _constant(named(executor, "importer", "artifactUri"), {"parameterType": "STRING"})
    return document


def named(value: Value, *keys: str) -> _Map:
    """The mapping at these keys; an empty one where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _renamed(value: Value) -> Value:
    """Names that compilers made, as newer compilers make them, and conditions in newer words."""
    if isinstance(value, dict):
        return {_name(key): _condition(item) if key == "condition" else _renamed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item) for item in value]
    return _PLACEHOLDER.sub(rf"\1{_NEW}", _name(value)) if isinstance(value, str) else value


def _name(text: str) -> str:
    return _NEW + text.removeprefix(_OLD) if text.startswith(_OLD) else text


def _condition(value: Value) -> Value:
    def operand(found: re.Match[str]) -> str:
        text = f"inputs.parameter_values['{_name(found[1])}']"
        return f"int({text})" if found[2] == "int" else text

    return _OPERAND.sub(operand, value) if isinstance(value, str) else value


def _declare(body: Value) -> None:
    for side in ("inputDefinitions", "outputDefinitions"):
        for declared in named(body, side, "parameters").values():
            if isinstance(declared, dict) and str(declared.get("type")) in _TYPES:
                declared["parameterType"] = _TYPES[str(declared.pop("type"))]


def _fill(task: Value, component: _Map) -> None:
    """A task's constants in the types that its component declares; final statuses were declared as texts."""
    for name, source in named(task, "inputs", "parameters").items():
        declared = named(component, "inputDefinitions", "parameters", name)
        if isinstance(source, dict) and "taskFinalStatus" in source and declared:
            declared["parameterType"] = "TASK_FINAL_STATUS"
        _constant(named(source, "runtimeValue"), declared)


def _constant(holder: _Map, declared: _Map) -> None:
    if "constantValue" in holder:
        holder["constant"] = typed(_plain(holder.pop("constantValue")), declared)


def _plain(told: Value) -> Value:
    """The value that `{intValue: '1'}` tells: int64 is a text in JSON."""
    if not isinstance(told, dict) or len(told) != 1 or not told.keys() <= _KINDS:
        return told
    ((kind, value),) = told.items()
    return value if kind == "stringValue" else _number(value)


def typed(value: Value, declared: Mapping[str, Value]) -> Value:
    """A value as a text, or as a number, where it is declared so and can be."""
    kind = declared.get("parameterType")
    if kind == "STRING" and value is not None:
        return value if isinstance(value, str) else json.dumps(value)
    return _number(value) if kind in ("NUMBER_INTEGER", "NUMBER_DOUBLE") else value


def _number(value: Value) -> Value:
    for kind in (int, float):
        try:
            return kind(value) if isinstance(value, str) else value
        except (ValueError, OverflowError):
            continue
    return value
