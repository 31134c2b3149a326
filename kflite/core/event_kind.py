"""Kinds of events, and the states that they lead to."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar


class State(StrEnum):
    """States of runs and tasks. Only a run is SUSPENDED; only a task is STARTING or SKIPPED."""

    QUEUED = "QUEUED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    STOPPING = "STOPPING"
    SUSPENDED = "SUSPENDED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    SKIPPED = "SKIPPED"

    @property
    def ended(self) -> bool:
        """Whether nothing follows, except a retry by the user."""
        return self in ENDED


ENDED = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED, State.SKIPPED})


class Kind(StrEnum):
    """Kinds of events, as the store names them. Each has a dataclass in `run_event` or `task_event`."""

    RUN_SUBMITTED = "run.submitted"
    RUN_STARTED = "run.started"
    RUN_CANCEL = "run.cancel"
    RUN_SUSPEND = "run.suspend"
    RUN_SUSPENDED = "run.suspended"
    RUN_RESUMED = "run.resumed"
    RUN_ANSWERED = "run.answered"
    RUN_STOPPING = "run.stopping"
    RUN_ENDED = "run.ended"
    RUN_RETRIED = "run.retried"
    RUN_LABELLED = "run.labelled"
    RUN_ARCHIVED = "run.archived"
    RUN_UNARCHIVED = "run.unarchived"
    TASK_QUEUED = "task.queued"
    TASK_STARTING = "task.starting"
    TASK_RUNNING = "task.running"
    TASK_WAITING = "task.waiting"
    TASK_SERVING = "task.serving"
    TASK_STOPPING = "task.stopping"
    TASK_SUSPENDED = "task.suspended"
    TASK_RETRYING = "task.retrying"
    TASK_SUCCEEDED = "task.succeeded"
    TASK_FAILED = "task.failed"
    TASK_CANCELLED = "task.cancelled"
    TASK_SKIPPED = "task.skipped"


class EventData:
    """The data of an event. VERSION grows when the meaning of a stored field changes."""

    __slots__ = ()
    KIND: ClassVar[Kind]
    VERSION: ClassVar[int] = 1
