"""The scheduler's records of a run and of its tasks in memory; all of it follows from events."""

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
    """A run. began: when it last began, in Unix seconds."""

    state: State | None = None
    began: float = 0.0

    def apply(self, event: Event) -> None:
        """Apply an event. Raises TransitionError."""
        run_after(self.state, event)
        fold(self, event, RUN)


@dataclass(slots=True)
class TaskState:
    """A task. failed: attempts that count as retries; lost: attempts that the machine or executor lost.

    started: when the attempt began to run, due: when a queued task may start, in Unix seconds. rerun: it succeeded before.
    stopping: why the attempt is stopped; stopping_group: the group whose time limit is the reason; stopping_outcome: the state
    that the plan chose. work is dropped when the task ends, so that a long run does not grow.
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
        """Apply an event. Raises TransitionError."""
        state = task_after(self.state, event)
        fold(self, event, TASK)
        if state in ENDED:
            self.work, self.key_parts = None, {}


RESTART = (None, State.SUCCEEDED, State.FAILED, State.CANCELLED, State.SKIPPED)
"""States of a task before it is queued: the first time, or again where its end no longer counts after a retry of the run."""


def outcome(data: TaskEnd) -> Outcome:
    """A task's end as its plan hears it."""
    outputs = data.outputs if isinstance(data, TaskSucceeded) else NOTHING
    return Outcome(OUTCOMES[type(data)], outputs, data.reason, data.message)
