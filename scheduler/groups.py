"""Groups (sub-DAGs and loops) and tasks that end without running, as the plan says; and what is left of those before a retry."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kflite.core.event_kind import State
from kflite.core.plan import Opened, Settled
from kflite.core.task_event import TaskQueued, TaskRunning, TaskSkipped
from kflite.scheduler import said
from kflite.scheduler.history import History
from kflite.scheduler.ledger import Ledger
from kflite.scheduler.record import RESTART


class Groups:
    """Says that groups begin and end. One that had ended before a retry stays so unless something in it is done again.

    begun: told of each that is open now.
    """

    def __init__(self, ledger: Ledger, history: History, begun: Callable[[Opened], None]) -> None:
        self._ledger, self._history, self._begun = ledger, history, begun
        self._shut: dict[str, Opened] = {}

    def open(self, step: Opened) -> None:
        """The plan opens a group."""
        record = self._ledger.record(step.task)
        if self._history.ended(step.task):
            self._shut[step.task] = step
            return
        if record.state in RESTART:
            self.reopen(step.task)
            queued = TaskQueued(step.title, parameters=step.parameters, group=True, rerun=said.voids(record))
            self._ledger.emit(queued, step.task)
            self._ledger.emit(TaskRunning(), step.task)
        self._begun(step)

    def reopen(self, task: str) -> None:
        """Something happens to the task: groups around it that had ended are open again, and so is itself, if it is one."""
        for path in _around(task) if self._shut else ():
            if step := self._shut.pop(path, None):
                self._history.drop(path)
                self.open(step)

    def settle(self, step: Settled) -> bool:
        """A group has ended, or a task without having run; returns whether a task has failed by that."""
        if self._history.ended(step.task) and not self._history.differs(step):
            return False
        record = self._ledger.record(step.task)
        if not (step.state is record.state is State.SKIPPED):
            self.reopen(step.task)
        self._history.drop(step.task)
        if record.state in RESTART and step.state is not State.SKIPPED:
            self._ledger.emit(TaskQueued(step.task.rpartition("/")[2], rerun=said.voids(record)), step.task)
        self._ledger.emit(said.settled(step, record), step.task)
        return step.state is State.FAILED and not record.group

    def forget(self, seen: set[str]) -> None:
        """The run has succeeded: what is not in its pipeline any more does not count as done. seen: tasks that are."""
        for task, record in self._ledger.tasks.items():
            if task not in seen and record.state is not State.SKIPPED:
                self._ledger.emit(TaskSkipped("no longer part of the run", rerun=said.voids(record)), task)


def _around(task: str) -> Iterator[str]:
    """`a`, `a/loop`, `a/loop[0]` and `a/loop[0]/b` for the last."""
    path = ""
    for part in task.split("/"):
        path = f"{path}/{part}" if path else part
        if part.endswith("]"):
            yield path.rpartition("[")[0]
        yield path
