"""What has happened to a run: the state of it and of its tasks, as events have it, and events that are not stored yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kflite.core.event import Event, Kind, State
from kflite.core.value import Value
from kflite.scheduler.machine import run_after
from kflite.scheduler.record import Record


class Ledger:
    """A run's state and records. said: events to be stored; since: when the run began, or began again, in Unix seconds."""

    def __init__(self, run: str, clock: Callable[[], float]) -> None:
        self._run, self._clock = run, clock
        self.state: State | None = None
        self.tasks: dict[str, Record] = {}
        self.said: list[Event] = []
        self.since = 0.0

    def record(self, task: str) -> Record:
        """The task's record, a new one where there is none."""
        return self.tasks.setdefault(task, Record())

    def say(self, kind: Kind, data: Mapping[str, Value], task: str = "") -> Event:
        """Something happened now."""
        attempt = self.tasks[task].attempt if task else 0
        return self.add(Event(self._run, kind, self._clock(), task, attempt, data))

    def add(self, event: Event) -> Event:
        """Take note of an event that is to be stored. Raises TransitionError."""
        self.note(event)
        self.said.append(event)
        return event

    def note(self, event: Event) -> None:
        """Take note of an event that is stored. Raises TransitionError."""
        if event.task:
            self.record(event.task).apply(event)
        else:
            if event.kind is Kind.RUN_STARTED and self.state is State.QUEUED:
                self.since = event.at
            self.state = run_after(self.state, event)
