"""Retries of an ended run: of what did not succeed, of named tasks, or of what a changed pipeline affects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kflite.core.event import Event
from kflite.core.frozen import dataclass
from kflite.core.run_event import RunEnded, RunRetried


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """A requested retry. at: its index in the run's events.

    plan: the digest of a changed pipeline, "" where it is the same; keep: successes of changed tasks still count;
    tasks: paths of tasks and groups that run again, with all that depends on them.
    """

    at: int
    plan: str = ""
    keep: bool = False
    tasks: tuple[str, ...] = ()

    def names(self, task: str) -> bool:
        """Whether the task is named, or lies in a named group."""
        return any(task == name or task.startswith((f"{name}/", f"{name}[")) for name in self.tasks)


def retries(events: Sequence[Event]) -> Iterator[RetryRequest]:
    """The retries that count; one requested before the run ended does not."""
    over = False
    for position, event in enumerate(events):
        match event.data:
            case RunEnded():
                over = True
            case RunRetried(plan, keep, tasks) if over:
                over = False
                yield RetryRequest(position, plan, keep, tasks)
