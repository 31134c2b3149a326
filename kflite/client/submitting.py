"""From what a user gave to a submission: pure but for the clock and the store's documents, so that a dry run can stop here."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kflite.client.names import run_id
from kflite.errors import InputError
from kflite.ir import Pipeline
from kflite.ir.check import ensure
from kflite.ir.names import bad_title, near
from kflite.ir.parameter import bind
from kflite.ir.whole import declared
from kflite.scheduler.submission import Submission, submission
from kflite.store.base import RunRow, Store
from kflite.typed import as_json
from kflite.value import Value

if TYPE_CHECKING:
    from kflite.space import Space
    from kflite.target import Target


@dataclass(frozen=True, slots=True)
class Options:
    """How to run. parallel: tasks at once, 0: no bound; timeout: in seconds; name and on: "" for the target's, the settings'."""

    name: str = ""
    experiment: str = ""
    on: str = ""
    cache: bool = True
    parallel: int = 0
    timeout: float | None = None
    fail_fast: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """What a tuning looks for. space: by parameter, as `kflite.space` makes it."""

    space: Space
    metric: str
    goal: str
    algorithm: str
    trials: int
    parallel: int
    seed: int


def of_target(target: Target, parameters: Mapping[str, Value], options: Options, on: str) -> Submission:
    """A run of a pipeline. Raises InvalidPipeline with every problem of the pipeline and its parameters."""
    pipeline = runnable(target)
    given = checked(pipeline, target.source, parameters)
    return _submission(target.name, "pipeline", pipeline.name, pipeline.dumps(), given, options, on)


def of_search(target: Target, search: Search, parameters: Mapping[str, Value], options: Options, on: str) -> Submission:
    """A tuning of a pipeline's parameters: the document of an experiment, which holds the pipeline's."""
    from kflite.experiment import Experiment, loads

    pipeline = runnable(target)
    held = {name: getattr(search, name) for name in Search.__slots__}
    document = Experiment(pipeline=pipeline.dumps(), **held).dumps()
    loads(document)
    _searchable(pipeline, target.source, search, parameters)
    return _submission(target.name, "experiment", pipeline.name, document, parameters, options, on)


def _searchable(pipeline: Pipeline, source: str, search: Search, parameters: Mapping[str, Value]) -> None:
    """Raise for a pipeline without the metric, and for parameters of which the first trial could not begin."""
    from kflite.hpo import algorithm

    first = algorithm(search.algorithm).propose(search.space, [], search.seed) or {}
    ensure(pipeline, source, {**parameters, **first})
    outputs = declared(pipeline.documents[0]["root"], "output", "parameters")  # type: ignore[arg-type]
    if search.metric not in outputs:
        raise InputError(f"{source}: the pipeline has no output {search.metric!r} as a metric; {near(search.metric, outputs)}")


def of_run(store: Store, row: RunRow, parameters: Mapping[str, Value]) -> Submission:
    """The same run again, with other parameters."""
    kind, document = store.plan(row.plan)
    given = {**row.parameters, **parameters}
    if kind == "pipeline":
        given = checked(Pipeline.loads(document), row.run, given)
    return replace(
        submission(store.events(row.run, limit=1)[0], document),
        run=run_id(row.name, time.time()),
        parameters=given,
    )


def checked(pipeline: Pipeline, source: str, parameters: Mapping[str, Value]) -> dict[str, Value]:
    """The run's parameters, defaults and all, once pipeline and parameters are found sound; objects count as mappings.

    Raises InvalidPipeline.
    """
    parameters = {name: as_json(value) for name, value in parameters.items()}
    ensure(pipeline, source, parameters)
    return bind(pipeline, parameters)


def runnable(target: Target) -> Pipeline:
    """The target's pipeline. Raises InputError where it is something else."""
    if target.pipeline is None:
        raise InputError(f"{target.source}: a {target.kind} cannot be run by this version of kflite")
    return target.pipeline


def _submission(
    name: str, kind: str, pipeline: str, document: str, parameters: Mapping[str, Value], options: Options, on: str
) -> Submission:
    called = options.name or name
    for option, text in (("--name", called), ("--experiment", options.experiment)):
        if wrong := bad_title(text):
            raise InputError(f"{option} {wrong}")
    return Submission(
        run=run_id(called, time.time()),
        name=called,
        kind=kind,
        pipeline=pipeline,
        document=document,
        parameters=parameters,
        on=options.on or on,
        experiment=options.experiment,
        cache=options.cache,
        fail_fast=options.fail_fast,
        parallel=options.parallel,
        timeout_s=options.timeout,
    )
