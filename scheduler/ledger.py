"""The state of a run and of its tasks, as its events say, and the events that are not stored yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from kflite.core.event import Data, Event
from kflite.core.event_kind import State
from kflite.scheduler.record import RunState, TaskState

D = TypeVar("D", bound=Data)


class Ledger:
    """A run's state and its tasks' records. pending: events to store."""

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
        """When the run last began, in Unix seconds."""
        return self._run.began

    def record(self, task: str) -> TaskState:
        """The task's record, new where there is none."""
        return self.tasks.setdefault(task, TaskState())

    def emit(self, data: D, task: str = "") -> D:
        """Add an event of now, and return its data. Raises TransitionError."""
        attempt = self.tasks[task].attempts if task else 0
        self.add(Event(self._id, data, self._clock(), task, attempt))
        return data

    def add(self, event: Event) -> None:
        """Apply an event that is to be stored. Raises TransitionError."""
        self.apply(event)
        self.pending.append(event)

    def apply(self, event: Event) -> None:
        """Apply a stored event. Raises TransitionError."""
        (self.record(event.task) if event.task else self._run).apply(event)
