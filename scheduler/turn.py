"""One turn of the loop: what all runs store in one commit, and do after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kflite.core.event import Event, Point
from kflite.core.job import Job
from kflite.executors.base import Executor
from kflite.scheduler.action import Action, Enqueue
from kflite.scheduler.run import ActiveRun


@dataclass(frozen=True, slots=True)
class StartAttempt:
    """Start the job of an attempt that is stored as starting."""

    task: str
    job: Job
    executor: Executor


@dataclass(slots=True)
class Turn:
    """events and points in the order of storing; actions in the order of doing."""

    events: list[Event] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    actions: list[tuple[ActiveRun, Action | StartAttempt]] = field(default_factory=list)

    def take(self, runs: Iterable[ActiveRun]) -> list[tuple[ActiveRun, str]]:
        """Take the runs' decisions; returns the tasks that are queued now, which the cache may answer in this turn."""
        queued = []
        for run in runs:
            taken = run.take()
            self.events += taken.events
            self.points += taken.points
            for action in taken.actions:
                if isinstance(action, Enqueue) and not action.delay_s:
                    queued.append((run, action.task))
                else:
                    self.actions.append((run, action))
        return queued

    @property
    def runs(self) -> list[str]:
        """Ids of the runs that have something to store."""
        return list(dict.fromkeys([*(event.run for event in self.events), *(point.run for point in self.points)]))

    def of(self, run: str) -> tuple[list[Event], list[Point]]:
        """One run's events and points."""
        return [e for e in self.events if e.run == run], [p for p in self.points if p.run == run]

    def watched(self, run: ActiveRun) -> list[Point]:
        """The points that the run's plan hears."""
        return [point for point in self.points if point.run == run.id and point.metric in run.watches]
