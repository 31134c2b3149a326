"""Events: what happened to a run, a task, an attempt. All other state is derived from them.

`run_event` and `task_event` define the data of each kind, `event_json` writes and reads it, and `fold` says what it changes.
"""

from __future__ import annotations

from kflite.core.event_kind import Kind
from kflite.core.frozen import dataclass
from kflite.core.run_event import OfRun
from kflite.core.task_event import OfTask

Data = OfRun | OfTask


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. at: Unix seconds; seq: its number in the store, 0 before it is stored."""

    run: str
    data: Data
    at: float
    task: str = ""
    attempt: int = 0
    seq: int = 0

    @property
    def kind(self) -> Kind:
        """The data's kind."""
        return self.data.KIND


@dataclass(frozen=True, slots=True)
class Point:
    """A value of a metric that an attempt reported at a step. replica: the rank of the reporting replica; at: Unix seconds.

    The store sets seq, the number of the last event before or with it, and position, its index in the order of writing.
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
