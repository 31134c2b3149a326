"""What the store knows of a run that is taken over: which ends still count, and in which order the plan is to hear of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace

from kflite.core.event import Event, Point
from kflite.core.event_kind import State
from kflite.core.plan import Outcome, Settled
from kflite.core.run_event import RunAnswered, RunCancelRequested, RunResumed, RunStopping, RunSuspended, RunSuspendRequested
from kflite.core.task_event import TaskEnd, TaskQueued, TaskSucceeded
from kflite.scheduler.record import OUTCOMES, outcome
from kflite.scheduler.retries import RetryRequest, retries

# An end that comes after the takeover is later than all that is stored.
LATER = 1 << 62


class History:
    """The stored events of a run. An end counts if it is the task's last word and, but for success, no retry came after.

    Where a retry changed the pipeline, or named tasks, a success counts only while nothing it comes from has changed: neither the
    task's definition, nor, by a later end, a task that it comes after.
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self._retries = list(retries(events))
        self._retry = self._retries[-1].at if self._retries else -1
        self._kept = max((r.at for r in self._retries if r.keep), default=-1)
        self._planned = max((r.at for r in self._retries if r.plan), default=-1)
        # Whether a success may have ceased to count, because a retry changed something; and whether one changed the pipeline.
        self.judged = any(r.plan or r.tasks for r in self._retries)
        self.planned = self._planned >= 0
        self._ends: dict[str, int] = {}
        self._definitions: dict[str, str] = {}
        self._ready: dict[str, None] = {}
        self._passed: dict[str, None] = {}
        due = iter([*self._retries, RetryRequest(len(events))])
        following = next(due)
        for position, event in enumerate(events):
            if position == following.at:
                self._redo(following)
                following = next(due)
            if event.task:
                self._apply(event, position)

    def _redo(self, retry: RetryRequest) -> None:
        for task in [task for task in self._ends if retry.names(task)]:
            del self._ends[task]

    def _apply(self, event: Event, position: int) -> None:
        ended = type(event.data) in OUTCOMES
        if ended and (position > self._retry or isinstance(event.data, TaskSucceeded)):
            self._ends[event.task] = position
        else:
            self._ends.pop(event.task, None)
        if isinstance(event.data, TaskQueued):
            self._definitions[event.task] = event.data.definition

    @property
    def requests(self) -> list[RunCancelRequested | RunSuspendRequested]:
        """Requests that nobody has acted on."""
        cancel: RunCancelRequested | None = None
        suspend: RunSuspendRequested | None = None
        for event in self._events[self._retry + 1 :]:
            match event.data:
                case RunCancelRequested():
                    cancel = event.data
                case RunStopping():
                    cancel = cancel if cancel and cancel.kill else None
                case RunSuspendRequested():
                    suspend = event.data
                case RunSuspended() | RunResumed():
                    suspend = None
        return [request for request in (cancel, suspend) if request]

    @property
    def unfinished(self) -> list[str]:
        """Tasks that the plan gave, and whose end it has not been told."""
        return list(self._ready)

    def since_retry(self, points: Sequence[Point] = ()) -> Iterator[Event | Point]:
        """All that the plan is told, in order: ends that count, answers, points, and the wish to stop.

        A wish to stop from before a retry is forgotten. Points come after the events that they were stored with.
        """
        waiting = deque(point for point in points if self._counts(point))
        for position, event in enumerate(self._events):
            while waiting and waiting[0].seq < event.seq:
                yield waiting.popleft()
            stop = isinstance(event.data, RunStopping) and position > self._retry
            if stop or isinstance(event.data, RunAnswered) or self._ends.get(event.task) == position:
                yield event
        yield from waiting

    def _counts(self, point: Point) -> bool:
        """Whether a point is of an attempt that may still decide something: its task has not been done again since."""
        return point.task in self._ends or self._retry < 0 or point.seq >= self._events[self._retry].seq

    def ended(self, task: str) -> bool:
        """Whether the task has an end that counts."""
        return task in self._ends

    def stale(self, task: str, definition: str, after_seq: int) -> bool:
        """Whether the task's success has ceased to count. after_seq: when the last of those that it comes after ended."""
        at = self._ends.get(task, LATER)
        if not self.judged or at == LATER or at < self._kept:
            return False
        known = self._definitions.get(task, "")
        return at < after_seq or (known != definition if known else at < self._planned)

    def differs(self, step: Settled) -> bool:
        """Whether a group, or what does not run, ends otherwise than it had ended before a retry that changed something."""
        if not self.judged:
            return False
        past = self.outcome(step.task)
        return past.state is not step.state or (past.state is State.SUCCEEDED and past.outputs != step.outputs)

    def later(self, outcome: Outcome) -> Outcome:
        """The end of what runs now, as the plan is told."""
        return replace(outcome, seq=LATER) if self.judged else outcome

    def drop(self, task: str) -> None:
        """The task's end counts no longer: it is done again."""
        self._ends.pop(task, None)
        self._passed.pop(task, None)

    def ready(self, task: str) -> None:
        """The plan gives the task."""
        self._ready[task] = None

    def outcome(self, task: str) -> Outcome:
        """How the task ended."""
        at = self._ends[task]
        data = self._events[at].data
        assert isinstance(data, TaskEnd)
        return replace(outcome(data), seq=at if self.judged else 0)

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
            if task in self._ready and task in self._ends:
                del self._ready[task], self._passed[task]
                return task
        return None
