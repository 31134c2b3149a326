"""The progress of a run from its events, kept so that a view costs what it shows and not what the run contains.

Pure: events go in, rows and counts come out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from kflite.core.event import Event
from kflite.core.event_kind import State
from kflite.core.fold import RUN, TASK, fold
from kflite.core.task_event import TaskEnd, TaskQueued, TaskSucceeded
from kflite.core.value import Outputs
from kflite.figures.numbers import summary
from kflite.store.base import RunRow, TaskRow

_ENDED = (State.FAILED, State.CANCELLED, State.SUCCEEDED, State.SKIPPED)  # the worst first
ACTIVE = frozenset({State.STARTING, State.RUNNING, State.STOPPING})


@dataclass(slots=True)
class TaskProgress:
    """A task as last known. Times are Unix seconds.

    index: its place among its siblings; began: when its attempt was being started; due: when the next one is;
    summary: its first metrics.
    """

    task: str
    index: int
    state: State = State.QUEUED
    reason: str = ""
    message: str = ""
    attempts: int = 0
    queued: float = 0.0
    began: float | None = None
    started: float | None = None
    ended: float | None = None
    due: float = 0.0
    group: bool = False
    summary: str = ""

    @property
    def since(self) -> float | None:
        """When its attempt began to run, or else to start."""
        return self.started or self.began


class RunProgress:
    """The tasks of one run as a tree, with counts by state below each group.

    tasks: by path. children: paths by their parent's path, "" for the run. counts: by state, of tasks below a path that are no
    groups. active, failed: paths of tasks that are no groups, the latest last.
    """

    def __init__(self, run: str) -> None:
        self.run = run
        self.name = run
        self.kind = "pipeline"
        self.state = State.QUEUED
        self.reason = ""
        self.created = 0.0
        self.ended: float | None = None
        self.seq = 0
        self.tasks: dict[str, TaskProgress] = {}
        self.children: dict[str, list[str]] = {"": []}
        self.counts: dict[str, Counter[State]] = defaultdict(Counter)
        self.active: dict[str, None] = {}
        self.failed: dict[str, None] = {}

    @classmethod
    def of(cls, run: RunRow, tasks: Iterable[TaskRow]) -> RunProgress:
        """The progress of a run as the store lists it."""
        board = cls(run.run)
        board.name, board.kind, board.state, board.reason = run.name, run.kind, run.state, run.reason
        board.created, board.ended = run.created, run.ended
        for row in tasks:
            seen = board._task(row.task, row.group)
            seen.reason, seen.message, seen.attempts = row.reason, row.message, row.attempts
            seen.queued, seen.started, seen.ended, seen.summary = (
                row.queued,
                row.started,
                row.ended,
                summary(Outputs.from_json({"artifacts": dict(row.artifacts)}).artifacts),
            )
            board._count(seen, -1)
            seen.state = row.state
            board._count(seen, 1)
            board._list(seen)
        return board

    def apply(self, event: Event) -> TaskProgress | None:
        """Apply an event; returns its task, if it has one."""
        self.seq = event.seq
        if not event.task:
            fold(self, event, RUN)
            return None
        seen = self._task(event.task, isinstance(event.data, TaskQueued) and event.data.group)
        self._apply_task(seen, event)
        return seen

    def _apply_task(self, seen: TaskProgress, event: Event) -> None:
        self._count(seen, -1)
        fold(seen, event, TASK)
        self._count(seen, 1)
        if isinstance(event.data, TaskQueued | TaskEnd):
            seen.summary = summary(event.data.outputs.artifacts) if isinstance(event.data, TaskSucceeded) else ""
        self._list(seen)

    def _task(self, path: str, group: bool) -> TaskProgress:
        seen = self.tasks.get(path) or self._add(path, group)
        if group and not seen.group:  # it was skipped before, which says nothing of what is in it
            self._count(seen, -1)
            seen.group = True
        return seen

    def _add(self, path: str, group: bool) -> TaskProgress:
        parent = parent_of(path)
        if parent and parent not in self.tasks:
            self._add(parent, True)
        siblings = self.children.setdefault(parent, [])
        seen = self.tasks[path] = TaskProgress(path, len(siblings), group=group)
        siblings.append(path)
        self._count(seen, 1)
        return seen

    def _list(self, seen: TaskProgress) -> None:
        if not seen.group:
            _keep(self.active, seen.task, seen.state in ACTIVE)
            _keep(self.failed, seen.task, seen.state == State.FAILED)

    def _count(self, seen: TaskProgress, by: int) -> None:
        if seen.group:
            return
        path = seen.task
        while path:
            path = parent_of(path)
            self.counts[path][seen.state] += by

    def state_of(self, path: str) -> State:
        """A task's state; a group that has not ended is RUNNING while anything below it is, or has been, at work.

        No event tells the end of an iteration: it has ended as the worst of what is in it, once all of that has.
        """
        seen = self.tasks[path]
        if not seen.group or seen.state.ended:
            return seen.state
        counts = self.counts[path]
        if path.endswith("]") and all(state in _ENDED for state in State if counts[state]):
            return next((state for state in _ENDED if counts[state]), State.QUEUED)
        return State.RUNNING if any(counts[state] for state in State if state != State.QUEUED) else State.QUEUED


def parent_of(path: str) -> str:
    """The path of the group that a task is in: `loop[2]/fit` is in `loop[2]`, which is in `loop`; "" is the run."""
    if path.endswith("]"):
        return path[: path.rindex("[")]
    return path.rpartition("/")[0]


def _keep(among: dict[str, None], path: str, yes: bool) -> None:
    if yes:
        among[path] = None
    else:
        among.pop(path, None)
