"""What the store knows of a run that is taken over: which ends still count, and in which order the plan is to hear of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kflite.event import Event, Kind
from kflite.plan import Outcome
from kflite.scheduler.record import OUTCOMES, outcome


class History:
    """The stored events of a run. An end counts if it is the task's last word and, but for success, no retry came after."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self._retry = _last_retry(events)
        self._ends: dict[str, Event] = {}
        self._ready: dict[str, None] = {}
        self._passed: dict[str, None] = {}
        for position, event in enumerate(events):
            if event.task:
                self._note(event, position > self._retry)

    def _note(self, event: Event, fresh: bool) -> None:
        if event.kind in OUTCOMES and (fresh or event.kind is Kind.TASK_SUCCEEDED):
            self._ends[event.task] = event
        else:
            self._ends.pop(event.task, None)

    @property
    def request(self) -> Event | None:
        """A request to cancel that nobody has acted on."""
        found = None
        for event in self._events[self._retry + 1 :]:
            if event.kind is Kind.RUN_CANCEL:
                found = event
            elif event.kind is Kind.RUN_STOPPING and not (found and found.data.get("kill")):
                found = None
        return found

    @property
    def unfinished(self) -> list[str]:
        """Tasks that the plan gave, and whose end it has not been told."""
        return list(self._ready)

    def since_retry(self) -> Iterator[Event]:
        """Ends that count, and the wish to stop, in order; a wish to stop from before a retry is forgotten."""
        for position, event in enumerate(self._events):
            stop = event.kind is Kind.RUN_STOPPING and position > self._retry
            if stop or self._ends.get(event.task) is event:
                yield event

    def ended(self, task: str) -> bool:
        """Whether the task has an end that counts."""
        return task in self._ends

    def ready(self, task: str) -> None:
        """The plan gives the task."""
        self._ready[task] = None

    def outcome(self, task: str) -> Outcome:
        """How the task ended."""
        return outcome(self._ends[task])

    def end_of(self, event: Event) -> str | None:
        """The task that the plan is to be told of; None for a group, or while the plan has not given it."""
        if event.task in self._ready:
            del self._ready[event.task]
            return event.task
        self._passed[event.task] = None
        return None

    def overdue(self) -> str | None:
        """A task whose end came before its turn, and whose turn has come."""
        for task in self._passed:
            if task in self._ready:
                del self._ready[task], self._passed[task]
                return task
        return None


def _last_retry(events: Sequence[Event]) -> int:
    """Where the run was last retried, -1 where it never was; a retry that was asked for while the run went on is none."""
    found, over = -1, False
    for position, event in enumerate(events):
        if event.kind is Kind.RUN_ENDED:
            over = True
        elif event.kind is Kind.RUN_RETRIED and over:
            found, over = position, False
    return found
