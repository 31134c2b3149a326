"""Events: what happened to a run, a task, an attempt. They are the store's truth; all else is derived from them.

Lives here: the event and the points that attempts give. `run_event` and `task_event` have the data of each kind, `event_json`
writes and reads them, `fold` says what they change.
"""

from __future__ import annotations

from dataclasses import dataclass

from kflite.core.event_kind import Kind
from kflite.core.run_event import OfRun
from kflite.core.task_event import OfTask

Data = OfRun | OfTask


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `at` is Unix time in seconds (UTC); `seq` is given by the store, 0 before."""

    run: str
    data: Data
    at: float
    task: str = ""
    attempt: int = 0
    seq: int = 0

    @property
    def kind(self) -> Kind:
        """The kind that the data is of."""
        return self.data.KIND


@dataclass(frozen=True, slots=True)
class Point:
    """A value of a metric that an attempt gave at a step. replica: the rank of the one that gave it; `at` as in events.

    The store gives seq, the number of the last event before it or with it, and position, its place in the order of writing.
    """

    run: str
    task: str
    attempt: int
    replica: int
    metric: str
    step: int
    at: float
    value: float
    seq: int = 0
    position: int = 0
