"""From what a user gave to a submission: pure but for the clock and the store's documents, so that a dry run can stop here."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kflite.core.value import Value
from kflite.errors import InputError, InvalidPipeline
from kflite.ir import Pipeline
from kflite.ir.check import check
from kflite.ir.document import declared
from kflite.ir.names import bad_title, suggestion
from kflite.ir.parameter import bind
from kflite.runs.ids import run_id
from kflite.runs.inputs import Find, Given, Inputs
from kflite.runs.labels import check_labels
from kflite.scheduler.submission import Submission, submission
from kflite.store.base import RunRow, Store

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
    labels: Mapping[str, str] = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True)
class Around:
    """What a submission is made with. on: where runs go that do not say so; root: of artifacts; find: those of earlier runs."""

    on: str
    root: str
    find: Find


def of_target(target: Target, given: Mapping[str, Given], options: Options, around: Around) -> Submission:
    """A run of a pipeline. Raises InvalidPipeline with every problem of the pipeline and of what the run is given."""
    pipeline = runnable(target)
    inputs = checked(pipeline, target.source, given, around)
    return _submission(target.name, "pipeline", pipeline, pipeline.dumps(), inputs, options, around)


def of_search(target: Target, search: Search, given: Mapping[str, Given], options: Options, around: Around) -> Submission:
    """A tuning of a pipeline's parameters: the document of an experiment, which holds the pipeline's."""
    from kflite.plans.tuning import Experiment, loads

    pipeline = runnable(target)
    held = {name: getattr(search, name) for name in Search.__slots__}
    document = Experiment(pipeline=pipeline.dumps(), **held).dumps()
    loads(document)
    inputs = Inputs(pipeline, given, around.find, around.root)
    _searchable(pipeline, target.source, search, inputs)
    return _submission(target.name, "experiment", pipeline, document, inputs, options, around)


def _searchable(pipeline: Pipeline, source: str, search: Search, inputs: Inputs) -> None:
    """Raise for a pipeline without the metric, and for parameters of which the first trial could not begin."""
    from kflite.hpo import algorithm

    first = algorithm(search.algorithm).propose(search.space, [], search.seed) or {}
    _ensure(pipeline, source, {**inputs.all, **first}, inputs.problems)
    outputs = declared(pipeline.documents[0]["root"], "output", "parameters")  # type: ignore[arg-type]
    if search.metric not in outputs:
        raise InputError(
            f"{source}: the pipeline has no output {search.metric!r} as a metric; {suggestion(search.metric, outputs)}"
        )


def of_run(store: Store, row: RunRow, given: Mapping[str, Given], root: str) -> Submission:
    """The same run again, given other parameters and artifacts."""
    kind, document = store.plan(row.plan)
    before = submission(store.events(row.run, limit=1)[0], document)
    new = replace(before, run=run_id(row.name, time.time()))
    if kind != "pipeline":
        return replace(new, parameters={**before.parameters, **given})  # type: ignore[dict-item]
    around = Around(before.on, root, store.artifact)
    inputs = checked(Pipeline.loads(document), row.run, {**before.parameters, **before.artifacts, **given}, around)
    return replace(new, parameters=inputs.parameters, artifacts=inputs.artifacts)


def checked(pipeline: Pipeline, source: str, given: Mapping[str, Given], around: Around) -> Inputs:
    """What the run is given, defaults and all, once all of it is found sound; objects count as mappings.

    Raises InvalidPipeline.
    """
    inputs = Inputs(pipeline, given, around.find, around.root)
    _ensure(pipeline, source, inputs.all, inputs.problems)
    inputs.parameters = bind(pipeline, inputs.all)
    return inputs


def _ensure(pipeline: Pipeline, source: str, given: Mapping[str, Value], more: Sequence[tuple[str, str]]) -> None:
    if problems := [*check(pipeline, given), *more]:
        raise InvalidPipeline(source, problems)


def runnable(target: Target) -> Pipeline:
    """The target's pipeline. Raises InputError where it is something else."""
    if target.pipeline is None:
        raise InputError(f"{target.source}: a {target.kind} cannot be run by this version of kflite")
    return target.pipeline


def _submission(
    name: str, kind: str, pipeline: Pipeline, document: str, inputs: Inputs, options: Options, around: Around
) -> Submission:
    called = options.name or name
    for option, text in (("--name", called), ("--experiment", options.experiment)):
        if wrong := bad_title(text):
            raise InputError(f"{option} {wrong}")
    check_labels(options.labels)
    return Submission(
        run=run_id(called, time.time()),
        name=called,
        kind=kind,
        pipeline=pipeline.name,
        document=document,
        parameters=inputs.parameters,
        artifacts=inputs.artifacts,
        on=options.on or around.on,
        experiment=options.experiment,
        cache=options.cache,
        fail_fast=options.fail_fast,
        parallel=options.parallel,
        timeout_s=options.timeout or (float(pipeline.deadline_s) if kind == "pipeline" and pipeline.deadline_s else None),
        labels=options.labels,
    )
