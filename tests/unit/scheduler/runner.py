"""Drives a run without a scheduler: what it asks for is done at once, and each `take` counts as a commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from kflite.core.event import Event
from kflite.core.event_kind import Kind, State
from kflite.core.job import Exit
from kflite.core.paths import RunPaths
from kflite.core.plan import Origin
from kflite.core.value import NOTHING, Outputs
from kflite.plans import dag
from kflite.scheduler.action import Action, Enqueue, Reattach
from kflite.scheduler.run import ActiveRun
from kflite.scheduler.submission import Submission
from kflite.scheduler.tasks import Caching

Exits = Callable[[str, int], Exit]
SUCCESS = Exit(0)
FAILURE = Exit(1, "Error", "it broke")
LOST = Exit(-1, "Lost", "gone", lost=True)


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Driver:
    """A run, the events that it had stored, and what is queued, running and to be stopped."""

    def __init__(self, document: str, exits: Exits, fail_fast: bool = False, timeout_s: float | None = None) -> None:
        self.document, self.exits, self.fail_fast, self.timeout_s = document, exits, fail_fast, timeout_s
        self.clock = Clock()
        self.run = self._new(())
        self.commits: list[list[Event]] = []
        self.actions: list[Action] = []
        self.queued: list[str] = []
        self.running: list[str] = []

    def _new(self, events: Sequence[Event]) -> ActiveRun:
        submission = Submission(
            "r", "n", "pipeline", "p", self.document, {}, on="fake", fail_fast=self.fail_fast, timeout_s=self.timeout_s
        )
        plan = dag.plan(self.document, {}, Origin("r", "n", 0.0))
        return ActiveRun(
            submission, plan, RunPaths(Path("/home"), "/artifacts", "p", "r"), self.clock, Caching(lambda work: {}), events
        )

    @property
    def events(self) -> list[Event]:
        return [event for commit in self.commits for event in commit]

    @property
    def states(self) -> dict[str, State | None]:
        return {task: record.state for task, record in self.run.tasks.items()}

    def begin(self) -> Driver:
        self.run.begin("me")
        return self.take()

    def recover(self, events: Sequence[Event]) -> Driver:
        """What another scheduler makes of these events."""
        self.commits = [list(events)]
        self.run = self._new(events)
        self.run.replay("another")
        return self.take()

    def take(self) -> Driver:
        """Commit what the run said, and note what it asks."""
        decisions = self.run.take()
        self.commits.append(decisions.events)
        for action in decisions.actions:
            self.actions.append(action)
            match action:
                case Enqueue(task):
                    self.queued.append(task)
                case Reattach(task):
                    self.running.append(task)
        return self

    def start(self, task: str) -> Driver:
        self.queued.remove(task)
        if self.run.tasks[task].state is not State.QUEUED:
            return self
        self.run.tasks.start(task, "fake")
        self.running.append(task)
        return self.take()

    def running_now(self, task: str) -> Driver:
        self.run.tasks.running(task, f"ref-{task}")
        return self.take()

    def end(self, task: str, exit: Exit | None = None, outputs: Outputs = NOTHING) -> Driver:
        self.running.remove(task)
        self.run.tasks.running(task, f"ref-{task}")
        found = exit or self.exits(task, self.run.tasks[task].attempts)
        self.run.exited(task, found, outputs if outputs is not NOTHING or found.code else _outputs(task))
        return self.take()

    def finish(self, random: Random) -> Driver:
        """On to the end, in a random order."""
        while self.queued or self.running:
            self.turns(random, 1)
        return self

    def turns(self, random: Random, turns: int) -> Driver:
        """So many starts and ends, as far as there is something to start or end."""
        for _ in range(turns):
            if self.queued and (not self.running or random.random() < 0.5):
                self.start(random.choice(self.queued))
            elif self.running:
                self.end(random.choice(self.running))
        return self


def _outputs(task: str) -> Outputs:
    return Outputs({"x": Random(task).randint(0, 9)})


def kinds(events: Sequence[Event], task: str = "") -> list[Kind]:
    """The kinds of the events of a task, or of all."""
    return [event.kind for event in events if not task or event.task == task]
