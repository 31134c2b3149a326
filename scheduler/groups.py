"""Groups (sub-DAGs and loops), and tasks that the plan ends without running; also after a retry of the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kflite.core.event_kind import State
from kflite.core.plan import Opened, Settled
from kflite.core.task_event import TaskQueued, TaskRunning, TaskSkipped
from kflite.scheduler import event_data
from kflite.scheduler.history import History
from kflite.scheduler.ledger import Ledger
from kflite.scheduler.record import RESTART


class Groups:
    """Emits the events of groups. A group that ended before a retry stays ended unless something in it runs again.

    opened: called with each group that is open now.
    """

    def __init__(self, ledger: Ledger, history: History, opened: Callable[[Opened], None]) -> None:
        self._ledger, self._history, self._opened = ledger, history, opened
        self._closed: dict[str, Opened] = {}

    def open(self, step: Opened) -> None:
        """The plan opens a group."""
        record = self._ledger.record(step.task)
        if self._history.ended(step.task):
            self._closed[step.task] = step
            return
        if record.state in RESTART:
            self.reopen(step.task)
            queued = TaskQueued(step.title, parameters=step.parameters, group=True, rerun=event_data.voids_result(record))
            self._ledger.emit(queued, step.task)
            self._ledger.emit(TaskRunning(), step.task)
        self._opened(step)

    def reopen(self, task: str) -> None:
        """Reopen the ended groups around a task that something happens to, and the task itself if it is a group."""
        for path in _around(task) if self._closed else ():
            if step := self._closed.pop(path, None):
                self._history.drop(path)
                self.open(step)

    def settle(self, step: Settled) -> bool:
        """End a group, or a task that does not run; returns whether that makes a task fail."""
        if self._history.ended(step.task) and not self._history.differs(step):
            return False
        record = self._ledger.record(step.task)
        if not (step.state is record.state is State.SKIPPED):
            self.reopen(step.task)
        self._history.drop(step.task)
        if record.state in RESTART and step.state is not State.SKIPPED:
            self._ledger.emit(TaskQueued(step.task.rpartition("/")[2], rerun=event_data.voids_result(record)), step.task)
        self._ledger.emit(event_data.settled(step, record), step.task)
        return step.state is State.FAILED and not record.group

    def forget(self, seen: set[str]) -> None:
        """Skip the tasks that are no longer part of a run that succeeded. seen: its present tasks."""
        for task, record in self._ledger.tasks.items():
            if task not in seen and record.state is not State.SKIPPED:
                self._ledger.emit(TaskSkipped("no longer part of the run", rerun=event_data.voids_result(record)), task)


def _around(task: str) -> Iterator[str]:
    """The path and all paths around it: `a`, `a/loop`, `a/loop[0]`, `a/loop[0]/b` for `a/loop[0]/b`."""
    path = ""
    for part in task.split("/"):
        path = f"{path}/{part}" if path else part
        if part.endswith("]"):
            yield path.rpartition("[")[0]
        yield path
