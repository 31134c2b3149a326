"""From a user's input to a submission, and into the store: the only way to begin runs.

`target_submission`, `tuning_submission` and `clone_submission` make a submission; they are pure but for the clock and the store's
documents, so that a dry run can stop here. Then a scheduler of one's own stores it and begins it, or `store_unowned` leaves it in
the store for a scheduler in the background or for `kflite serve`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from kflite.core.frozen import dataclass
from kflite.errors import InputError
from kflite.ir.names import bad_title
from kflite.plans.kinds import PIPELINE, TUNING, inner_pipeline, kind_of
from kflite.runs.experiments import ensure_open
from kflite.runs.ids import run_id
from kflite.runs.inputs import Find, RunInput, RunInputs
from kflite.runs.labels import check_labels
from kflite.runs.options import Search, SubmitOptions
from kflite.scheduler.submission import Submission, submission_of
from kflite.store.base import RunRow, Store

if TYPE_CHECKING:
    from kflite.ir import Pipeline
    from kflite.store import Database
    from kflite.target import Target


@dataclass(frozen=True, slots=True)
class SubmitContext:
    """The context of submissions. on: the default target; root: of artifacts; find: looks up artifacts of earlier runs.

    profile: whose run it is.
    """

    on: str
    root: str
    find: Find
    profile: str = ""


def target_submission(
    target: Target, parameters: Mapping[str, RunInput], options: SubmitOptions, context: SubmitContext
) -> Submission:
    """A submission of a target. Raises InvalidPipeline with all problems of the target and of the inputs."""
    pipeline = runnable(target)
    return _new(PIPELINE, pipeline.dumps(), target, pipeline, parameters, options, context)


def tuning_submission(
    target: Target, search: Search, parameters: Mapping[str, RunInput], options: SubmitOptions, context: SubmitContext
) -> Submission:
    """A submission of a search for a target's best parameters. parameters: those that all trials share."""
    from kflite.plans.tuning import TuningSpec, loads

    pipeline = runnable(target)
    document = TuningSpec(pipeline.dumps(), *(getattr(search, name) for name in Search.__slots__)).dumps()
    loads(document)
    return _new(TUNING, document, target, pipeline, parameters, options, context)


def clone_submission(store: Store, row: RunRow, changes: Mapping[str, RunInput], root: str) -> Submission:
    """A submission of the same run with these changed parameters and artifacts. Blocks."""
    kind, document = store.plan(row.plan)
    before = submission_of(store.events(row.run, limit=1)[0], document)
    parameters = {**before.parameters, **before.artifacts, **changes}
    context = SubmitContext(before.on, root, store.artifact)
    inputs = checked_inputs(kind, document, inner_pipeline(kind, document), row.run, parameters, context)
    run = run_id(row.name, time.time())
    return replace(before, run=run, parameters=inputs.parameters, artifacts=inputs.artifacts)


def store_unowned(store: Database, submission_of: Submission, option: str) -> RunRow:
    """Store a run without an owner. option: for messages. Raises InputError for a run that needs this process."""
    if submission_of.on == "inline":
        raise InputError(f"{option}: a run inline has no other process to go on in; use --on process")
    ensure_open(store, submission_of.experiment)
    store.put_plan(submission_of.digest, submission_of.kind, submission_of.document)
    store.append([submission_of.event(time.time())])
    return store.run(submission_of.run)


def checked_inputs(
    kind: str, document: str, pipeline: Pipeline, source: str, parameters: Mapping[str, RunInput], context: SubmitContext
) -> RunInputs:
    """Check a run's inputs; returns them with defaults. Raises InvalidPipeline."""
    inputs = RunInputs(pipeline, parameters, context.find, context.root)
    bound = kind_of(kind).bind(document, pipeline, source, inputs.all, inputs.problems)
    if bound is not None:
        inputs.parameters = bound
    return inputs


def runnable(target: Target) -> Pipeline:
    """The target's pipeline. Raises InputError if it has none."""
    if target.pipeline is None:
        raise InputError(f"{target.source}: a {target.kind} cannot be run by this version of kflite")
    return target.pipeline


def _new(
    kind: str,
    document: str,
    target: Target,
    pipeline: Pipeline,
    parameters: Mapping[str, RunInput],
    options: SubmitOptions,
    context: SubmitContext,
) -> Submission:
    inputs = checked_inputs(kind, document, pipeline, target.source, parameters, context)
    name = _titles(target, options)
    return Submission(
        run=run_id(name, time.time()),
        name=name,
        kind=kind,
        pipeline=pipeline.name,
        document=document,
        parameters=inputs.parameters,
        artifacts=inputs.artifacts,
        on=options.on or context.on,
        experiment=options.experiment,
        cache=options.cache,
        fail_fast=options.fail_fast,
        parallel=options.parallel,
        timeout_s=options.timeout or kind_of(kind).timeout_s(pipeline),
        labels=options.labels,
        profile=context.profile,
    )


def _titles(target: Target, options: SubmitOptions) -> str:
    """Check names and labels; returns the run's name. Raises InputError."""
    name = options.name or target.name
    for option, text in (("--name", name), ("--experiment", options.experiment)):
        if wrong := bad_title(text):
            raise InputError(f"{option} {wrong}")
    check_labels(options.labels)
    return name
