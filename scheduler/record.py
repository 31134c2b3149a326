"""What the scheduler holds in memory of a run and of its tasks; all of it follows from events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kflite.core.event import Event
from kflite.core.event_kind import ENDED, State
from kflite.core.fold import RUN, TASK, fold
from kflite.core.plan import Outcome
from kflite.core.task_event import TaskCancelled, TaskEnd, TaskFailed, TaskSkipped, TaskSucceeded
from kflite.core.value import NOTHING
from kflite.scheduler.machine import run_after, task_after

if TYPE_CHECKING:
    from kflite.core.plan import Work

OUTCOMES: Mapping[type[TaskEnd], State] = {
    TaskSucceeded: State.SUCCEEDED,
    TaskFailed: State.FAILED,
    TaskCancelled: State.CANCELLED,
    TaskSkipped: State.SKIPPED,
}


@dataclass(slots=True)
class RunState:
    """A run. began: when it did, or began again after a retry, in Unix seconds."""

    state: State | None = None
    began: float = 0.0

    def apply(self, event: Event) -> None:
        """Take note of an event. Raises TransitionError."""
        run_after(self.state, event)
        fold(self, event, RUN)


@dataclass(slots=True)
class TaskState:
    """A task. failed: attempts that count against its retries; lost: attempts that the machine or executor lost.

    started: when the attempt began to run, due: when a queued task may start, in Unix seconds. rerun: it had succeeded before.
    stopping: why the attempt is to end, stopping_group: the group whose time was up, where that is why, stopping_outcome: the
    state that a plan gave it. work is there while the task is active only, so that a long run does not grow.
    """

    state: State | None = None
    attempts: int = 0
    ref: str = ""
    stopping: str = ""
    stopping_group: str = ""
    stopping_outcome: State | None = None
    failed: int = 0
    lost: int = 0
    started: float | None = None
    due: float = 0.0
    key: str = ""
    key_parts: Mapping[str, str] = field(default_factory=dict)
    group: bool = False
    rerun: bool = False
    always_run: bool = False
    work: Work | None = field(default=None, repr=False)

    def apply(self, event: Event) -> None:
        """Take note of an event. Raises TransitionError."""
        state = task_after(self.state, event)
        fold(self, event, TASK)
        if state in ENDED:
            self.work, self.key_parts = None, {}


RESTART = (None, State.SUCCEEDED, State.FAILED, State.CANCELLED, State.SKIPPED)
"""States of a task that is queued, the first time or, where its end counts no longer, after a retry of its run."""


def outcome(data: TaskEnd) -> Outcome:
    """How a task ended, as its plan is told."""
    outputs = data.outputs if isinstance(data, TaskSucceeded) else NOTHING
    return Outcome(OUTCOMES[type(data)], outputs, data.reason, data.message)
