"""What the scheduler holds in memory of a task and of its attempts; all of it follows from events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kflite.core.event import Event, Kind, State
from kflite.core.plan import Outcome
from kflite.core.value import NOTHING, Outputs, Value
from kflite.scheduler.machine import task_after

if TYPE_CHECKING:
    from kflite.core.plan import Work

OUTCOMES = {
    Kind.TASK_SUCCEEDED: State.SUCCEEDED,
    Kind.TASK_FAILED: State.FAILED,
    Kind.TASK_CANCELLED: State.CANCELLED,
    Kind.TASK_SKIPPED: State.SKIPPED,
}


@dataclass(slots=True)
class Record:
    """A task. failed: attempts that count against its retries; lost: attempts that the machine or executor lost.

    since: when the attempt began to run, due: when a queued task may start, in Unix seconds. again: it had succeeded before.
    within: the group whose time was up, where that stops the attempt.
    work is there while the task is active only, so that a long run does not grow.
    """

    state: State | None = None
    attempt: int = 0
    ref: str = ""
    stopping: str = ""
    within: str = ""
    failed: int = 0
    lost: int = 0
    since: float = 0.0
    due: float = 0.0
    key: str = ""
    material: Value = None
    group: bool = False
    again: bool = False
    late: bool = False
    work: Work | None = field(default=None, repr=False)

    def apply(self, event: Event) -> None:
        """Take note of an event. Raises TransitionError."""
        self.state = task_after(self.state, event)
        data = event.data
        match event.kind:
            case Kind.TASK_QUEUED:
                self.failed, self.lost, self.due = 0, 0, 0.0
                self.stopping = self.ref = ""
                self.key, self.material, self.group = str(data.get("key", "")), data.get("material"), bool(data.get("group"))
                self.again = bool(data.get("again"))
            case Kind.TASK_STARTING:
                self.attempt, self.ref, self.stopping, self.within = event.attempt, "", "", ""
            case Kind.TASK_RUNNING:
                self.ref, self.since = str(data.get("ref", "")), event.at
            case Kind.TASK_STOPPING:
                self.stopping, self.within = str(data["reason"]), str(data.get("within", ""))
            case Kind.TASK_RETRYING:
                lost, delay = bool(data.get("lost")), data["delay"]
                assert isinstance(delay, int | float)
                self.failed, self.lost, self.due = self.failed + (not lost), self.lost + lost, event.at + delay
        if self.state.ended:
            self.work = self.material = None


RESTART = (None, State.SUCCEEDED, State.FAILED, State.CANCELLED, State.SKIPPED)
"""States of a task that is queued, the first time or, where its end counts no longer, after a retry of its run."""


def outcome(event: Event) -> Outcome:
    """How a task ended, as its plan is told."""
    state = OUTCOMES[event.kind]
    data = event.data
    outputs = Outputs.from_json(data) if state is State.SUCCEEDED else NOTHING
    return Outcome(state, outputs, str(data.get("reason", "")), str(data.get("message", "")))
