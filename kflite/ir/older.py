"""Converts pipelines of schema 2.0.0, which kfp 1.8 compiled for Vertex AI, to schema 2.1.0.

In 2.0.0 a constant names its type (`constantValue: {stringValue: x}`), types are INT, DOUBLE and STRING, and lists, mappings and
booleans are JSON texts. Documents are not checked yet: malformed parts stay unchanged, for the checks to report.
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


def job_parameters(config: Value) -> _Map:
    """A job's parameters: values under their type, as in old jobs, or plain values, as in KFP's runs."""
    return {name: _plain(value) for name, value in mapping_at(config, "parameters").items()}


def upgrade(spec: Mapping[str, Value]) -> _Map:
    """The pipeline in schema 2.1.0."""
    document = deepcopy(dict(spec)) | {"schemaVersion": "2.1.0"}
    document |= {key: _renamed(document[key]) for key in ("root", "components") if key in document}
    components = mapping_at(document, "components")
    bodies = [mapping_at(document, "root"), *components.values()]
    for body in bodies:
        _declare(body)
    for body in bodies:
        for task in mapping_at(body, "dag", "tasks").values():
            _fill(task, mapping_at(components, str(mapping_at(task, "componentRef").get("name"))))
    for executor in mapping_at(document, "deploymentSpec", "executors").values():
        _constant(mapping_at(executor, "importer", "artifactUri"), {"parameterType": "STRING"})
    return document


def mapping_at(value: Value, *keys: str) -> _Map:
    """The mapping at these keys; an empty one if there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _renamed(value: Value) -> Value:
    """The value with generated names and conditions in the newer form."""
    if isinstance(value, dict):
        return {_name(key): _condition(item) if key == "condition" else _renamed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item) for item in value]
    return _PLACEHOLDER.sub(rf"\1{_NEW}", _name(value)) if isinstance(value, str) else value


def _name(text: str) -> str:
    return _NEW + text.removeprefix(_OLD) if text.startswith(_OLD) else text


def _condition(value: Value) -> Value:
    def operand(match: re.Match[str]) -> str:
        text = f"inputs.parameter_values['{_name(match[1])}']"
        return f"int({text})" if match[2] == "int" else text

    return _OPERAND.sub(operand, value) if isinstance(value, str) else value


def _declare(body: Value) -> None:
    for side in ("inputDefinitions", "outputDefinitions"):
        for declared in mapping_at(body, side, "parameters").values():
            if isinstance(declared, dict) and str(declared.get("type")) in _TYPES:
                declared["parameterType"] = _TYPES[str(declared.pop("type"))]


def _fill(task: Value, component: _Map) -> None:
    """Convert a task's constants to their declared types; final statuses were declared as texts."""
    for name, source in mapping_at(task, "inputs", "parameters").items():
        declared = mapping_at(component, "inputDefinitions", "parameters", name)
        if isinstance(source, dict) and "taskFinalStatus" in source and declared:
            declared["parameterType"] = "TASK_FINAL_STATUS"
        _constant(mapping_at(source, "runtimeValue"), declared)


def _constant(holder: _Map, declared: _Map) -> None:
    if "constantValue" in holder:
        holder["constant"] = converted(_plain(holder.pop("constantValue")), declared)


def _plain(wrapped: Value) -> Value:
    """The value in `{intValue: '1'}`, where int64 is a JSON text."""
    if not isinstance(wrapped, dict) or len(wrapped) != 1 or not wrapped.keys() <= _KINDS:
        return wrapped
    ((kind, value),) = wrapped.items()
    return value if kind == "stringValue" else _number(value)


def converted(value: Value, declared: Mapping[str, Value]) -> Value:
    """A value as text or number, if it is declared so and can be converted."""
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
