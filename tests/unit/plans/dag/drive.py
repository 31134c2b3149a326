"""Drives a plan without executors: ready tasks end one by one, in an order and in ways that a test chooses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from kflite.core.event_kind import State
from kflite.core.plan import Ended, Opened, Origin, Outcome, Plan, Ready, Settled, Step, Work
from kflite.core.value import Outputs, Value
from kflite.plans import dag

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
    after_halt: Judge | None = None
    late: list[str] = field(default_factory=list)
    states: dict[str, State] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    works: dict[str, Work] = field(default_factory=dict)
    outputs: dict[str, Outputs] = field(default_factory=dict)
    end: Ended | None = None
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self._ready: list[tuple[str, Work]] = []
        self._halted = False
        self._follow(self.plan.begin())
        while self._ready:
            if self.halt_after == 0:
                self._halted = True
                self.judge = self.after_halt or self.judge
                self._follow(self.plan.halt())
            self.halt_after -= 1
            self.most_at_once = max(self.most_at_once, len(self._ready))
            task, work = self._pick()
            outcome = self.judge(task, work)
            self._note(task, outcome.state, outcome.reason)
            self._follow(self.plan.hear(task, outcome))
        assert self.end, "the plan has no end"

    def _follow(self, steps: list[Step]) -> None:
        for step in steps:
            assert self.end is None, f"{step} comes after the end"
            match step:
                case Ready(task, work):
                    assert task not in self.works, f"{task} is ready twice"
                    self._ready.append((task, work))
                    self.works[task] = work
                    self.late += [task] if self._halted else []
                case Settled(task, state, outputs, reason, message):
                    self._note(task, state, reason or message)
                    self.outputs[task], self.messages[task] = outputs, message
                case Ended():
                    self.end = step
                case Opened():
                    pass

    def _pick(self) -> tuple[str, Work]:
        """One of those that are ready; the last takes its place, so that a pick costs the same among many."""
        index = self.random.randrange(len(self._ready))
        self._ready[index], self._ready[-1] = self._ready[-1], self._ready[index]
        return self._ready.pop()

    def _note(self, task: str, state: State, reason: str) -> None:
        assert task not in self.states, f"{task} ends twice"
        self.states[task], self.reasons[task] = state, reason


def plan_of(document: str, **parameters: Value) -> Plan:
    """The plan of a pipeline's document."""
    return dag.plan(document, parameters, ORIGIN)
