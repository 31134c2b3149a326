"""Requests for a retry: what did not succeed runs again, and so do changed and named tasks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from kflite.core.event import Event
from kflite.core.event_kind import State
from kflite.core.frozen import dataclass
from kflite.core.run_event import RunRetried
from kflite.errors import InputError
from kflite.plans.kinds import kind_of
from kflite.runs.lookup import one_task
from kflite.runs.submit import SubmitContext, checked_inputs, runnable
from kflite.scheduler.submission import submission_of
from kflite.store import Database
from kflite.store.base import RunRow, Store

if TYPE_CHECKING:
    from kflite.target import Target


@dataclass(frozen=True, slots=True)
class PreparedRetry:
    """A request to store. document: the changed pipeline's, "" if it is the same."""

    run: str
    request: RunRetried
    at: float
    document: str = ""

    @property
    def event(self) -> Event:
        """The request's event."""
        return Event(self.run, self.request, self.at)


def store_retry(
    store: Database, run: RunRow, changed: Target | None = None, *, keep: bool = False, tasks: Sequence[str] = ()
) -> None:
    """Store the request for whoever adopts the run. See `retry_request`."""
    request = retry_request(store, run, changed, keep=keep, tasks=tasks)
    if request.document:
        store.put_plan(request.request.plan, run.kind, request.document)
    store.append([request.event])


def retry_request(
    store: Store, run: RunRow, changed: Target | None = None, *, keep: bool = False, tasks: Sequence[str] = ()
) -> PreparedRetry:
    """Check a retry; returns its request.

    changed: the pipeline as it is now, for the rest of the run; what succeeded stays where its task is as it was, and nothing
    that it comes after is done again, or, with `keep`, whatever has changed. tasks: done again with all that follows from them.

    Raises InputError for a run that goes on, or where there is nothing to do again; NotFound; InvalidPipeline for a pipeline that
    is not sound, or does not take the run's parameters.
    """
    if not run.state.ended:
        raise InputError(f"run {run.run} is {run.state}: only a run that has ended can be retried")
    named: tuple[str, ...] = ()
    document = digest = ""
    if tasks:
        _of_pipeline(run)
        known = store.tasks(run.run)
        named = tuple(one_task(known, name, run.run).task for name in tasks)
    if changed:
        document = _document(store, run, changed)
        digest = sha256(document.encode()).hexdigest()
    elif keep:
        raise InputError("what succeeded is kept anyway where the pipeline is the same: give the changed one, --with TARGET")
    if run.state is State.SUCCEEDED and not tasks and (digest or run.plan) == run.plan:
        why = "and its pipeline is the same" if changed else "there is nothing to retry"
        raise InputError(f"run {run.run} has succeeded, {why}: kflite clone {run.run} runs it again")
    return PreparedRetry(run.run, RunRetried(digest, keep, named), time.time(), document)


def _of_pipeline(run: RunRow) -> None:
    if not (kind := kind_of(run.kind)).SINGLE_TASKS:
        raise InputError(f"run {run.run} is a {kind.NOUN}: only what did not succeed in it can be done again")


def _document(store: Store, run: RunRow, changed: Target) -> str:
    """Check the changed pipeline; returns its document."""
    _of_pipeline(run)
    pipeline = runnable(changed)
    if pipeline.name != run.pipeline:
        raise InputError(f"{changed.source} is the pipeline {pipeline.name!r}, and run {run.run} is one of {run.pipeline!r}")
    before = submission_of(store.events(run.run, limit=1)[0], "")
    document = pipeline.dumps()
    parameters, context = {**before.parameters, **before.artifacts}, SubmitContext(run.on, "", store.artifact)
    checked_inputs(run.kind, document, pipeline, changed.source, parameters, context)
    return document
