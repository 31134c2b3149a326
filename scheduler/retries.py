"""What users asked of a run that had ended: to do again what did not succeed, some tasks, or what a changed pipeline changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kflite.core.event import Event
from kflite.core.run_event import RunEnded, RunRetried


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """A retry that was asked for. at: its place among the run's events.

    plan: the digest of a changed pipeline, "" where it is the same; keep: what succeeded stays, although its task has changed;
    tasks: paths of tasks and groups that are done again, and all that follows from them.
    """

    at: int
    plan: str = ""
    keep: bool = False
    tasks: tuple[str, ...] = ()

    def names(self, task: str) -> bool:
        """Whether the task is one of those, or lies in one."""
        return any(task == name or task.startswith((f"{name}/", f"{name}[")) for name in self.tasks)


def retries(events: Sequence[Event]) -> Iterator[RetryRequest]:
    """Those that count: one that was asked for while the run went on is none."""
    over = False
    for position, event in enumerate(events):
        match event.data:
            case RunEnded():
                over = True
            case RunRetried(plan, keep, tasks) if over:
                over = False
                yield RetryRequest(position, plan, keep, tasks)
