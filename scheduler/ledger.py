"""What has happened to a run: the state of it and of its tasks, as events have it, and events that are not stored yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from kflite.core.event import Data, Event
from kflite.core.event_kind import State
from kflite.scheduler.record import RunState, TaskState

D = TypeVar("D", bound=Data)


class Ledger:
    """A run's state and records. pending: events to be stored."""

    def __init__(self, run: str, clock: Callable[[], float]) -> None:
        self._id, self._clock = run, clock
        self._run = RunState()
        self.tasks: dict[str, TaskState] = {}
        self.pending: list[Event] = []

    @property
    def state(self) -> State | None:
        return self._run.state

    @property
    def began(self) -> float:
        """When the run began, or began again, in Unix seconds."""
        return self._run.began

    def record(self, task: str) -> TaskState:
        """The task's record, a new one where there is none."""
        return self.tasks.setdefault(task, TaskState())

    def emit(self, data: D, task: str = "") -> D:
        """Something happened now."""
        attempt = self.tasks[task].attempts if task else 0
        self.add(Event(self._id, data, self._clock(), task, attempt))
        return data

    def add(self, event: Event) -> None:
        """Take note of an event that is to be stored. Raises TransitionError."""
        self.apply(event)
        self.pending.append(event)

    def apply(self, event: Event) -> None:
        """Take note of an event that is stored. Raises TransitionError."""
        (self.record(event.task) if event.task else self._run).apply(event)
