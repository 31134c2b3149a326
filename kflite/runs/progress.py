"""A run as its events tell it, kept so that a view costs what it shows and not what the run holds.

Pure: events go in, rows and counts come out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from kflite.core.event import Event, Kind, State
from kflite.figures.metrics import gist
from kflite.store.base import RunRow, TaskRow

_STATES = {
    Kind.TASK_QUEUED: State.QUEUED,
    Kind.TASK_STARTING: State.STARTING,
    Kind.TASK_RUNNING: State.RUNNING,
    Kind.TASK_STOPPING: State.STOPPING,
    Kind.TASK_RETRYING: State.QUEUED,
    Kind.TASK_SUCCEEDED: State.SUCCEEDED,
    Kind.TASK_FAILED: State.FAILED,
    Kind.TASK_CANCELLED: State.CANCELLED,
    Kind.TASK_SKIPPED: State.SKIPPED,
}
_ENDED = (State.FAILED, State.CANCELLED, State.SUCCEEDED, State.SKIPPED)  # the worst first
ACTIVE = frozenset({State.STARTING, State.RUNNING, State.STOPPING})


@dataclass(slots=True)
class Seen:
    """A task as last heard of. Times are Unix seconds.

    index: its place among its siblings; due: of the next attempt; gist: its first metrics.
    """

    task: str
    index: int
    state: State = State.QUEUED
    reason: str = ""
    message: str = ""
    attempts: int = 0
    queued: float = 0.0
    started: float | None = None
    ended: float | None = None
    due: float = 0.0
    group: bool = False
    gist: str = ""


class Board:
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
        self.tasks: dict[str, Seen] = {}
        self.children: dict[str, list[str]] = {"": []}
        self.counts: dict[str, Counter[State]] = defaultdict(Counter)
        self.active: dict[str, None] = {}
        self.failed: dict[str, None] = {}

    @classmethod
    def of(cls, run: RunRow, tasks: Iterable[TaskRow]) -> Board:
        """The board of a run as the store lists it."""
        board = cls(run.run)
        board.name, board.kind, board.state, board.reason = run.name, run.kind, run.state, run.reason
        board.created, board.ended = run.created, run.ended
        for row in tasks:
            seen = board._task(row.task, row.group)
            seen.reason, seen.message, seen.attempts = row.reason, row.message, row.attempts
            seen.queued, seen.started, seen.ended, seen.gist = row.queued, row.started, row.ended, gist(row.artifacts)
            board._move(seen, row.state)
        return board

    def apply(self, event: Event) -> Seen | None:
        """Take an event in; returns the task that it was about, if it was about one."""
        self.seq = event.seq
        if not event.task:
            self._apply_run(event)
            return None
        seen = self._task(event.task, bool(event.data.get("group")))
        self._apply_task(seen, event)
        return seen

    def _apply_run(self, event: Event) -> None:
        data = event.data
        match event.kind:
            case Kind.RUN_SUBMITTED:
                self.name, self.kind, self.created = str(data.get("name", "")), str(data.get("kind", "")), event.at
            case Kind.RUN_STARTED:
                self.state = State.RUNNING
            case Kind.RUN_STOPPING:
                self.state, self.reason = State.STOPPING, str(data.get("reason", ""))
            case Kind.RUN_RETRIED:
                self.state, self.reason, self.ended = State.RUNNING, "", None
            case Kind.RUN_ENDED:
                self.state, self.reason = State(str(data["state"])), str(data.get("reason", ""))
                self.ended = event.at
            case _:
                pass

    def _apply_task(self, seen: Seen, event: Event) -> None:
        state = _STATES.get(event.kind, seen.state)  # a note changes none
        seen.reason, seen.message = str(event.data.get("reason", "")), str(event.data.get("message", ""))
        if event.kind == Kind.TASK_QUEUED:
            seen.queued, seen.started, seen.ended, seen.due = event.at, None, None, 0.0
        elif event.kind == Kind.TASK_RETRYING:
            seen.started, seen.due = None, event.at + float(event.data.get("delay") or 0.0)  # type: ignore[arg-type]
        elif state in ACTIVE and event.kind != Kind.TASK_NOTED:
            seen.attempts = max(seen.attempts, event.attempt)
            seen.started = seen.started if state == State.STOPPING and seen.started else event.at
        elif state.ended:
            made = event.data.get("artifacts")
            seen.ended, seen.gist = event.at, gist(made) if isinstance(made, dict) else ""
        self._move(seen, state)

    def _task(self, path: str, group: bool) -> Seen:
        seen = self.tasks.get(path) or self._add(path, group)
        if group and not seen.group:  # it was skipped before, which says nothing of what is in it
            self._count(seen, -1)
            seen.group = True
        return seen

    def _add(self, path: str, group: bool) -> Seen:
        parent = parent_of(path)
        if parent and parent not in self.tasks:
            self._add(parent, True)
        siblings = self.children.setdefault(parent, [])
        seen = self.tasks[path] = Seen(path, len(siblings), group=group)
        siblings.append(path)
        self._count(seen, 1)
        return seen

    def _move(self, seen: Seen, state: State) -> None:
        self._count(seen, -1)
        seen.state = state
        self._count(seen, 1)
        if not seen.group:
            _keep(self.active, seen.task, state in ACTIVE)
            _keep(self.failed, seen.task, state == State.FAILED)

    def _count(self, seen: Seen, by: int) -> None:
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
