"""Drives a race without a scheduler: each `store` is a commit, and schedulers follow each other by `crash`."""

from __future__ import annotations

from pathlib import Path

from race import LOSS, Race
from runner import SUCCESS, Clock

from kflite.core.event import Event, Point
from kflite.core.event_kind import Kind
from kflite.core.job import Exit
from kflite.core.paths import RunPaths
from kflite.core.plan import Answer
from kflite.core.value import NOTHING
from kflite.scheduler.action import AnswerQuestion
from kflite.scheduler.run import ActiveRun
from kflite.scheduler.submission import Submission
from kflite.scheduler.tasks import Caching


class Races:
    """A race under schedulers that follow each other; each `store` is a commit."""

    def __init__(self, racers: int = 2) -> None:
        self.clock = Clock()
        self.events: list[Event] = []
        self.points: list[Point] = []
        self.racers = racers
        self.actions: list[object] = []
        self.plan, self.run = self._new(())
        self.run.begin("me")
        self.store()

    def _new(self, events: tuple[Event, ...]) -> tuple[Race, ActiveRun]:
        plan = Race(lambda: self.racers)
        submission = Submission("r", "n", "race", "p", "", {}, on="fake")
        return plan, ActiveRun(
            submission, plan, RunPaths(Path("/home"), "/artifacts", "p", "r"), self.clock, Caching(lambda w: {}), events
        )

    def store(self) -> list[object]:
        """Commit, and tell the plan of points as the loop does; returns what is to be done."""
        decisions = self.run.take()
        for event in decisions.events:
            self.events.append(Event(event.run, event.data, event.at, event.task, event.attempt, len(self.events) + 1))
        stored = [
            Point(p.run, p.task, p.attempt, p.replica, p.metric, p.step, p.at, p.value, len(self.events))
            for p in decisions.points
        ]
        self.points += stored
        self.actions = list(decisions.actions)
        self.run.hear(stored)
        return self.actions

    def crash(self, *requests: Event) -> list[object]:
        """The next scheduler takes it over as it is stored, after these requests."""
        for event in requests:
            self.events.append(Event("r", event.data, event.at, seq=len(self.events) + 1))
        self.plan, self.run = self._new(tuple(self.events))
        self.run.replay("another", self.points)
        return self.store()

    def answer(self) -> Races:
        (action,) = [action for action in self.actions if isinstance(action, AnswerQuestion)]
        self.run.answered(action.id, Answer(action.question()))
        self.store()
        return self

    def start(self, *tasks: str) -> Races:
        for task in tasks:
            self.run.tasks.start(task, "fake")
            self.run.tasks.running(task, f"ref-{task}")
        self.store()
        return self

    def end(self, task: str, exit: Exit = SUCCESS) -> Races:
        self.run.exited(task, exit, NOTHING)
        self.store()
        return self

    def measure(self, task: str, value: float, metric: str = LOSS) -> list[object]:
        self.run.add_points([Point("r", task, self.run.tasks[task].attempts, 0, metric, 1, self.clock.now, value)])
        self.store()
        return self.store()

    def kinds(self, task: str = "") -> list[Kind]:
        return [event.kind for event in self.events if event.task == task]
