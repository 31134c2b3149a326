"""Event data that is made from several sources. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from kflite.core.event_kind import State
from kflite.core.plan import Settled, Work
from kflite.core.task_event import TaskCancelled, TaskEnd, TaskFailed, TaskQueued, TaskSkipped, TaskSucceeded
from kflite.scheduler.cache import key_of
from kflite.scheduler.record import TaskState


def queued(work: Work, identity: Mapping[str, str], record: TaskState) -> TaskQueued:
    """Of a task that is to run. identity: what else decides its result where it runs."""
    work_parts = work.key_parts
    key_parts = {**work_parts, **identity} if work_parts is not None else {}
    return TaskQueued(
        work.title,
        work.definition,
        work.parameters,
        work.artifacts,
        key=key_of(key_parts) if key_parts else "",
        key_parts=key_parts,
        rerun=voids_result(record),
    )


def voids_result(record: TaskState) -> bool:
    """Whether queueing or skipping the task now voids an earlier result."""
    return record.state is State.SUCCEEDED


def settled(step: Settled, record: TaskState) -> TaskEnd:
    """Of the end of a group, or of a task that does not run."""
    match step.state:
        case State.SUCCEEDED:
            return TaskSucceeded(step.outputs, step.reason, step.message)
        case State.FAILED:
            return TaskFailed(None, step.reason, step.message, step.outputs)
        case State.CANCELLED:
            return TaskCancelled(step.reason, step.message, step.outputs)
    return TaskSkipped(step.reason, step.message, voids_result(record))
