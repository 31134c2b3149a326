"""Events: what happened to a run, a task, an attempt. They are the store's truth; all else is derived from them.

Lives here: the event, its kinds, and the states that they lead to. Imports nothing of kflite but values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kflite.core.value import Value


class State(StrEnum):
    """States of runs and tasks."""

    QUEUED = "QUEUED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    STOPPING = "STOPPING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    SKIPPED = "SKIPPED"

    @property
    def ended(self) -> bool:
        """Whether nothing follows (but a retry by the user)."""
        return self in ENDED


ENDED = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED, State.SKIPPED})


class Kind(StrEnum):
    """Kinds of events, with what `Event.data` holds. Keys marked ? may be missing."""

    RUN_SUBMITTED = (
        "run.submitted"  # name, kind, plan (the document's digest), parameters, artifacts?, on, options, pipeline, experiment?
    )
    RUN_STARTED = "run.started"  # owner
    RUN_CANCEL = "run.cancel"  # reason?: a request, appended by any process; the owner acts on it
    RUN_STOPPING = "run.stopping"  # reason
    RUN_ENDED = "run.ended"  # state, reason?, outputs?
    # A request: what did not succeed is reset; and tasks?: these, with what follows from them; with plan?, a digest: what that
    # changes, unless keep?.
    RUN_RETRIED = "run.retried"
    RUN_LABELLED = "run.labelled"  # labels: by name, null for one that is taken off
    RUN_ARCHIVED = "run.archived"  # by the user: lists leave it out
    RUN_UNARCHIVED = "run.unarchived"
    # again?: what it made before is void
    TASK_QUEUED = "task.queued"  # title, definition?, parameters?, artifacts?, key?, group?: true for a sub-DAG or loop
    TASK_STARTING = "task.starting"  # executor
    TASK_RUNNING = "task.running"  # ref
    TASK_NOTED = "task.noted"  # reason, message: what its attempt waits for; both "": for nothing any longer
    TASK_STOPPING = "task.stopping"  # reason, within (the group whose time is up)
    TASK_RETRYING = "task.retrying"  # code, reason, message?, delay: the attempt ended, another follows
    TASK_SUCCEEDED = "task.succeeded"  # parameters?, artifacts?; a hit: reason "cached", source (run), key
    TASK_FAILED = "task.failed"  # code, reason, message?
    TASK_CANCELLED = "task.cancelled"  # reason
    TASK_SKIPPED = "task.skipped"  # reason


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `at` is Unix time in seconds (UTC); `seq` is given by the store, 0 before."""

    run: str
    kind: Kind
    at: float
    task: str = ""
    attempt: int = 0
    data: Mapping[str, Value] = field(default_factory=dict)
    seq: int = 0
