"""Event data that is put together from several things. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from kflite.core.event_kind import State
from kflite.core.plan import Settled, Work
from kflite.core.task_event import TaskCancelled, TaskEnd, TaskFailed, TaskQueued, TaskSkipped, TaskSucceeded
from kflite.scheduler.cache import key_of
from kflite.scheduler.record import TaskState


def queued(work: Work, identity: Mapping[str, str], record: TaskState) -> TaskQueued:
    """A task is to run. identity: what else decides its result where it runs."""
    parts = work.key_parts
    whole = {**parts, **identity} if parts is not None else {}
    return TaskQueued(
        work.title,
        work.definition,
        work.parameters,
        work.artifacts,
        key=key_of(whole) if whole else "",
        key_parts=whole,
        rerun=voids(record),
    )


def voids(record: TaskState) -> bool:
    """Whether what the task made before is void when it is queued or skipped now."""
    return record.state is State.SUCCEEDED


def settled(step: Settled, record: TaskState) -> TaskEnd:
    """A group has ended, or a task without having run."""
    match step.state:
        case State.SUCCEEDED:
            return TaskSucceeded(step.outputs, step.reason, step.message)
        case State.FAILED:
            return TaskFailed(None, step.reason, step.message, step.outputs)
        case State.CANCELLED:
            return TaskCancelled(step.reason, step.message, step.outputs)
    return TaskSkipped(step.reason, step.message, voids(record))
