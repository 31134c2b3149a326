"""The kind "tuning": a document is a pipeline with a search space for its parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kflite.core.value import Value
from kflite.errors import InputError, InvalidPipeline

if TYPE_CHECKING:
    from kflite.core.plan import Origin, Plan
    from kflite.ir import Pipeline
    from kflite.plans.kinds import Problems

NOUN = "search for parameters"
HAS_TRIALS = True
SINGLE_TASKS = False


def plan(document: str, parameters: Mapping[str, Value], origin: Origin) -> Plan:
    """The plan of the trials."""
    from kflite.plans import tuning

    return tuning.plan(document, parameters, origin)


def inner_pipeline(document: str) -> str:
    """The pipeline of each trial."""
    return str(json.loads(document)["pipeline"])


def bind(
    document: str, pipeline: Pipeline, source: str, inputs: Mapping[str, Value], problems: Problems
) -> dict[str, Value] | None:
    """Check that the first trial can begin and that the pipeline has the metric; each trial binds its own parameters."""
    from kflite.hpo import algorithm
    from kflite.ir.check import check
    from kflite.ir.document import declared
    from kflite.ir.names import suggestion
    from kflite.plans.tuning import loads

    spec = loads(document)
    first = algorithm(spec.algorithm).propose(spec.space, [], spec.seed) or {}
    if issues := [*check(pipeline, {**inputs, **first}), *problems]:
        raise InvalidPipeline(source, issues)
    outputs = declared(pipeline.documents[0]["root"], "output", "parameters")  # type: ignore[arg-type]
    if spec.metric not in outputs:
        raise InputError(f"{source}: the pipeline has no output {spec.metric!r} as a metric; {suggestion(spec.metric, outputs)}")
    return None


def timeout_s(pipeline: Pipeline) -> float | None:
    """None: the pipeline's time limit applies to each trial, and a search has none of its own."""
    return None
