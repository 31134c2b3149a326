"""The plan of a search: trials, each the plan of a pipeline with its own parameters, several at once.

Trial n is the group `trial-n` of the run, with its tasks below it. The scheduler knows none of this.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from kflite import space
from kflite.core.event_kind import State
from kflite.core.plan import Answer, Ask, Ended, News, Opened, Origin, Plan, Settled, Step
from kflite.core.value import Outputs, Value
from kflite.errors import InputError
from kflite.hpo import Observation, algorithm
from kflite.plans import dag


@dataclass(frozen=True, slots=True)
class TuningSpec:
    """What to search. pipeline: IR as `kflite.ir.Pipeline.dumps` wrote it; metric: an output parameter of it.

    goal: "maximize" or "minimize"; trials: how many in all; parallel: how many at once.
    """

    pipeline: str
    space: Mapping[str, space.Dimension]
    metric: str
    goal: str = "maximize"
    algorithm: str = "random"
    trials: int = 10
    parallel: int = 1
    seed: int = 0

    def dumps(self) -> str:
        """The specification as JSON: the document of a run of the kind "tuning"."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return json.dumps(fields | {"space": space.dump(self.space)}, sort_keys=True)


def loads(document: str) -> TuningSpec:
    """The specification that `dumps` wrote. Raises InputError for invalid values."""
    fields = json.loads(document)
    spec = TuningSpec(**fields | {"space": space.load(fields["space"])})
    if spec.goal not in ("maximize", "minimize"):
        raise InputError(f"the goal {spec.goal!r} must be maximize or minimize")
    if spec.trials < 1 or spec.parallel < 1:
        raise InputError("a tuning has at least one trial, and runs at least one at once")
    algorithm(spec.algorithm)
    return spec


def plan(document: str, parameters: Mapping[str, Value], origin: Origin) -> TuningPlan:
    """The plan of a tuning; `parameters` are the same in all trials. Raises InputError."""
    return TuningPlan(loads(document), parameters, origin)


@dataclass(slots=True)
class TrialPlan:
    """A trial: its index, its parameters, its plan, and how it ended."""

    index: int
    parameters: Mapping[str, Value]
    plan: Plan
    state: State | None = None
    value: float | None = None


class TuningPlan:
    """Keeps `parallel` trials running until there are enough, or the space is exhausted.

    The next parameters are asked as a question, as an algorithm may take its time; only one is open at a time, so that no two
    trials get the same answer.
    """

    def __init__(self, spec: TuningSpec, parameters: Mapping[str, Value], origin: Origin) -> None:
        self._spec, self._fixed, self._origin = spec, parameters, origin
        self._algorithm = algorithm(spec.algorithm)
        self._sign = -1.0 if spec.goal == "maximize" else 1.0
        self._trials: dict[str, TrialPlan] = {}
        self._observations: list[Observation] = []
        self._running = 0
        self._open_question = ""
        self._exhausted = False
        self._error = ""

    @property
    def watches(self) -> Collection[str]:
        return ()

    def begin(self) -> list[Step]:
        return self._fill()

    def hear(self, name: str, news: News) -> list[Step]:
        if isinstance(news, Answer):
            return self._hear_proposal(name, news)
        trial = self._trials[name.partition("/")[0]]
        return self._steps_of(trial, trial.plan.hear(name, news)) + self._fill()

    def halt(self) -> list[Step]:
        self._exhausted, self._open_question = True, ""
        steps: list[Step] = []
        for trial in self._trials.values():
            if trial.state is None:
                steps += self._steps_of(trial, trial.plan.halt())
        return steps + self._fill()

    def _fill(self) -> list[Step]:
        """Ask for the next trial while there is room; end after the last trial."""
        enough = self._exhausted or len(self._trials) >= self._spec.trials
        if not enough and not self._open_question and self._running < self._spec.parallel:
            self._open_question = f"trial-{len(self._trials)}"
            return [Ask(self._open_question, self._question())]
        return [self._end()] if enough and not self._running else []

    def _question(self) -> Callable[[], Value]:
        algorithm, space, seed = self._algorithm, self._spec.space, self._spec.seed
        history = list(self._observations)
        return lambda: algorithm.propose(space, history, seed)

    def _hear_proposal(self, name: str, answer: Answer) -> list[Step]:
        self._open_question, parameters = "", answer.answer
        if answer.error or not isinstance(parameters, dict):
            self._exhausted, self._error = True, answer.error
            return self._fill()
        return self._begin(name, parameters) + self._fill()

    def _begin(self, name: str, parameters: Mapping[str, Value]) -> list[Step]:
        inner = dag.plan(self._spec.pipeline, {**self._fixed, **parameters}, self._origin, name)
        trial = self._trials[name] = TrialPlan(len(self._trials), parameters, inner)
        self._observations.append(Observation(parameters, None))
        self._running += 1
        opened = Opened(name, "trial", parameters)
        try:
            return [opened, *self._steps_of(trial, inner.begin())]
        except InputError as error:
            self._settle(trial, State.FAILED)
            return [opened, Settled(name, State.FAILED, reason="BadInput", message=str(error))]

    def _steps_of(self, trial: TrialPlan, steps: list[Step]) -> list[Step]:
        return [self._close(trial, step) if isinstance(step, Ended) else step for step in steps]

    def _close(self, trial: TrialPlan, end: Ended) -> Step:
        """The end of a trial. It fails if its metric is not a number."""
        name, value = f"trial-{trial.index}", end.outputs.parameters.get(self._spec.metric)
        trial.value = _finite(value)
        if trial.value is None and end.state is State.SUCCEEDED:
            self._settle(trial, State.FAILED)
            message = f"the output {self._spec.metric!r} is {value!r}, and must be a number"
            return Settled(name, State.FAILED, end.outputs, "NoMetric", message)
        self._settle(trial, end.state)
        return Settled(name, end.state, end.outputs, "", end.reason)

    def _settle(self, trial: TrialPlan, state: State) -> None:
        trial.state = state
        self._running -= 1
        loss = None if trial.value is None else self._sign * trial.value
        self._observations[trial.index] = Observation(trial.parameters, loss)

    def _end(self) -> Step:
        """The end of the search with the best trial; it fails if no trial has a value."""
        if self._error:
            return Ended(State.FAILED, reason=f"the algorithm {self._spec.algorithm} failed: {self._error}")
        ranked = [
            (self._sign * trial.value, trial.index, name, trial)
            for name, trial in self._trials.items()
            if trial.state is State.SUCCEEDED and trial.value is not None
        ]
        if not ranked:
            return Ended(State.FAILED, reason="no trial gave a value of the metric")
        *_, name, best = min(ranked)
        result: dict[str, Value] = {"trial": name, "parameters": dict(best.parameters), "value": best.value}
        return Ended(State.SUCCEEDED, Outputs({"best": result}))


def _finite(value: Value) -> float | None:
    """The value as a finite number; None for anything else, such as the NaN of a diverged fit."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None
