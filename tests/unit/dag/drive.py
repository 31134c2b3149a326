"""Drives a plan without executors: ready tasks end one by one, in an order and in ways that a test chooses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from kflite import dag
from kflite.event import State
from kflite.plan import Ended, Opened, Origin, Outcome, Plan, Ready, Settled, Step, Work
from kflite.value import Outputs, Value

ORIGIN = Origin("run-1", "a run", 0.0)
Judge = Callable[[str, Work], Outcome]


def gives(**parameters: Value) -> Outcome:
    """A success with these output parameters."""
    return Outcome(State.SUCCEEDED, Outputs(parameters))


FAILS = Outcome(State.FAILED, reason="Error", message="it broke")


@dataclass
class Driven:
    """A plan that has been driven to its end."""

    plan: Plan
    judge: Judge
    random: Random = field(default_factory=lambda: Random(0))
    halt_after: int = -1
    states: dict[str, State] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    works: dict[str, Work] = field(default_factory=dict)
    outputs: dict[str, Outputs] = field(default_factory=dict)
    end: Ended | None = None
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self._ready: dict[str, Work] = {}
        self._follow(self.plan.begin())
        while self._ready:
            if self.halt_after == 0:
                self._follow(self.plan.halt())
            self.halt_after -= 1
            self.most_at_once = max(self.most_at_once, len(self._ready))
            task = self.random.choice(list(self._ready)) if self._ready else ""
            outcome = self.judge(task, self._ready.pop(task))
            self._note(task, outcome.state, outcome.reason)
            self._follow(self.plan.ended(task, outcome))
        assert self.end, "the plan has no end"

    def _follow(self, steps: list[Step]) -> None:
        for step in steps:
            assert self.end is None, f"{step} comes after the end"
            match step:
                case Ready(task, work):
                    assert task not in self.works, f"{task} is ready twice"
                    self._ready[task] = self.works[task] = work
                case Settled(task, state, outputs, reason, message):
                    self._note(task, state, reason or message)
                    self.outputs[task], self.messages[task] = outputs, message
                case Ended():
                    self.end = step
                case Opened():
                    pass

    def _note(self, task: str, state: State, reason: str) -> None:
        assert task not in self.states, f"{task} ends twice"
        self.states[task], self.reasons[task] = state, reason


def plan_of(document: str, **parameters: Value) -> Plan:
    """The plan of a pipeline's document."""
    return dag.plan(document, parameters, ORIGIN)
