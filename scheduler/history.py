"""The stored events of an adopted run: which ends still count, and in which order the plan hears them."""

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

# The position of ends after the adoption: later than all that is stored.
LATER = 1 << 62


class History:
    """The stored events of a run. An end counts if it is the task's latest event and, unless it is a success, no retry followed.

    Where a retry changed the pipeline or named tasks, a success counts only while its sources are the same: the task's definition
    has not changed, and no task before it has ended later.
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self._retries = list(retries(events))
        self._retried_at = self._retries[-1].at if self._retries else -1
        self._kept_at = max((r.at for r in self._retries if r.keep), default=-1)
        self._plan_changed_at = max((r.at for r in self._retries if r.plan), default=-1)
        # Whether a retry may have voided successes, and whether one changed the pipeline.
        self.selective = any(r.plan or r.tasks for r in self._retries)
        self.plan_changed = self._plan_changed_at >= 0
        self._ends: dict[str, int] = {}
        self._definitions: dict[str, str] = {}
        self._ready: dict[str, None] = {}
        self._early: dict[str, None] = {}
        remaining = iter([*self._retries, RetryRequest(len(events))])
        next_retry = next(remaining)
        for position, event in enumerate(events):
            if position == next_retry.at:
                self._redo(next_retry)
                next_retry = next(remaining)
            if event.task:
                self._apply(event, position)

    def _redo(self, retry: RetryRequest) -> None:
        for task in [task for task in self._ends if retry.names(task)]:
            del self._ends[task]

    def _apply(self, event: Event, position: int) -> None:
        ended = type(event.data) in OUTCOMES
        if ended and (position > self._retried_at or isinstance(event.data, TaskSucceeded)):
            self._ends[event.task] = position
        else:
            self._ends.pop(event.task, None)
        if isinstance(event.data, TaskQueued):
            self._definitions[event.task] = event.data.definition

    @property
    def requests(self) -> list[RunCancelRequested | RunSuspendRequested]:
        """Requests that are not handled yet."""
        cancel: RunCancelRequested | None = None
        suspend: RunSuspendRequested | None = None
        for event in self._events[self._retried_at + 1 :]:
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
        """Tasks that the plan has started and not heard the end of."""
        return list(self._ready)

    def to_replay(self, points: Sequence[Point] = ()) -> Iterator[Event | Point]:
        """All that the plan hears again, in order: ends that count, answers, points, and a stop since the last retry.

        Points come after the events that they were stored with.
        """
        waiting = deque(point for point in points if self._counts(point))
        for position, event in enumerate(self._events):
            while waiting and waiting[0].seq < event.seq:
                yield waiting.popleft()
            stop = isinstance(event.data, RunStopping) and position > self._retried_at
            if stop or isinstance(event.data, RunAnswered) or self._ends.get(event.task) == position:
                yield event
        yield from waiting

    def _counts(self, point: Point) -> bool:
        """Whether the point's attempt still counts: its task has not run again since."""
        return point.task in self._ends or self._retried_at < 0 or point.seq >= self._events[self._retried_at].seq

    def ended(self, task: str) -> bool:
        """Whether the task has an end that counts."""
        return task in self._ends

    def stale(self, task: str, definition: str, after_seq: int) -> bool:
        """Whether the task's success no longer counts. after_seq: when the last of the tasks before it ended."""
        at = self._ends.get(task, LATER)
        if not self.selective or at == LATER or at < self._kept_at:
            return False
        definition_then = self._definitions.get(task, "")
        return at < after_seq or (definition_then != definition if definition_then else at < self._plan_changed_at)

    def differs(self, step: Settled) -> bool:
        """Whether a group, or a task that does not run, ends differently than before a retry."""
        if not self.selective:
            return False
        before = self.outcome(step.task)
        return before.state is not step.state or (before.state is State.SUCCEEDED and before.outputs != step.outputs)

    def later(self, outcome: Outcome) -> Outcome:
        """The outcome of a task that ends now, as the plan hears it."""
        return replace(outcome, seq=LATER) if self.selective else outcome

    def drop(self, task: str) -> None:
        """Forget the task's end, as it runs again."""
        self._ends.pop(task, None)
        self._early.pop(task, None)

    def ready(self, task: str) -> None:
        """Note that the plan has started the task."""
        self._ready[task] = None

    def outcome(self, task: str) -> Outcome:
        """The stored outcome of the task."""
        at = self._ends[task]
        data = self._events[at].data
        assert isinstance(data, TaskEnd)
        return replace(outcome(data), seq=at if self.selective else 0)

    def end_of(self, event: Event) -> str | None:
        """The task whose end the plan hears now; None for a group, or before the plan has started it."""
        if event.task in self._ready:
            del self._ready[event.task]
            return event.task
        self._early[event.task] = None
        return None

    def next_early(self) -> str | None:
        """A task whose stored end came before the plan started it, and that is started now."""
        for task in self._early:
            if task in self._ready and task in self._ends:
                del self._ready[task], self._early[task]
                return task
        return None
