"""The kind "pipeline": a document is the IR of a pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kflite.core.value import Value
from kflite.errors import InvalidPipeline

if TYPE_CHECKING:
    from kflite.core.plan import Origin, Plan
    from kflite.ir import Pipeline
    from kflite.plans.kinds import Problems

NOUN = "pipeline"
HAS_TRIALS = False
SINGLE_TASKS = True


def plan(document: str, parameters: Mapping[str, Value], origin: Origin) -> Plan:
    """The plan of the pipeline's tasks."""
    from kflite.plans import dag

    return dag.plan(document, parameters, origin)


def inner_pipeline(document: str) -> str:
    """The document itself."""
    return document


def bind(
    document: str, pipeline: Pipeline, source: str, inputs: Mapping[str, Value], problems: Problems
) -> dict[str, Value] | None:
    """Check the pipeline and its inputs."""
    from kflite.ir.check import check
    from kflite.ir.parameter import bind as bind_inputs

    if issues := [*check(pipeline, inputs), *problems]:
        raise InvalidPipeline(source, issues)
    return bind_inputs(pipeline, inputs)


def timeout_s(pipeline: Pipeline) -> float | None:
    """The pipeline's own deadline."""
    return float(pipeline.deadline_s) if pipeline.deadline_s else None
