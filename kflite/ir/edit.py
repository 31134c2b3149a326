"""Copies of a pipeline with another name, display name or parameter defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kflite.core.value import Value
from kflite.errors import InvalidPipeline
from kflite.ir.document import declared
from kflite.ir.names import bad_pipeline, suggestion
from kflite.ir.pipeline import Pipeline
from kflite.ir.types import type_of, value_problem


def renamed(pipeline: Pipeline, name: str) -> Pipeline:
    """The pipeline with another name. Raises InvalidPipeline for a name that KFP refuses."""
    if bad := bad_pipeline(name):
        raise InvalidPipeline(pipeline.name, [("pipelineInfo.name", bad)])
    changed = _copy(pipeline)
    changed.spec.pipeline_info.name = name
    return changed


def with_display_name(pipeline: Pipeline, label: str) -> Pipeline:
    """The pipeline with another display name."""
    changed = _copy(pipeline)
    changed.spec.pipeline_info.display_name = label
    return changed


def with_defaults(pipeline: Pipeline, values: Mapping[str, Value]) -> Pipeline:
    """The pipeline with these values as its parameters' defaults. Raises InvalidPipeline for values of a wrong type."""
    from google.protobuf.json_format import ParseDict

    known = declared(pipeline.documents[0].get("root", {}), "input", "parameters")  # type: ignore[arg-type]
    if problems := [(f"parameter {name}", bad) for name, value in values.items() if (bad := _bad(name, value, known))]:
        raise InvalidPipeline(pipeline.name, problems)
    changed = _copy(pipeline)
    for name, value in values.items():
        parameter = changed.spec.root.input_definitions.parameters[name]
        ParseDict(value, parameter.default_value)  # type: ignore[arg-type]
        parameter.is_optional = True
    return changed


def _bad(name: str, value: Value, known: Mapping[str, Mapping[str, Value]]) -> str | None:
    if name not in known:
        return f"the pipeline has no such parameter: {suggestion(name, known)}"
    if value is None:
        return "null is no default: give a value"
    return value_problem(value, known[name]) if type_of(known[name]) else None


def _copy(pipeline: Pipeline) -> Pipeline:
    spec = type(pipeline.spec)()
    spec.CopyFrom(pipeline.spec)
    return replace(pipeline, spec=spec)
