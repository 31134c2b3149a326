"""The plan of an experiment: trials, each the plan of a pipeline with parameters of its own, some at once.

Trial n is the group `trial-n` of the run, its tasks lie below it. The scheduler knows none of this.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from kflite import space
from kflite.core.event import State
from kflite.core.plan import Ended, Opened, Origin, Outcome, Plan, Settled, Step
from kflite.core.value import Outputs, Value
from kflite.errors import InputError
from kflite.hpo import Observation, algorithm
from kflite.plans import dag


@dataclass(frozen=True, slots=True)
class Experiment:
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
        """The experiment as JSON: the document of a submission of the kind "experiment"."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return json.dumps(fields | {"space": space.dump(self.space)}, sort_keys=True)


def loads(document: str) -> Experiment:
    """The experiment that `dumps` wrote. Raises InputError where it makes no sense."""
    fields = json.loads(document)
    experiment = Experiment(**fields | {"space": space.load(fields["space"])})
    if experiment.goal not in ("maximize", "minimize"):
        raise InputError(f"the goal {experiment.goal!r} must be maximize or minimize")
    if experiment.trials < 1 or experiment.parallel < 1:
        raise InputError("an experiment has at least one trial, and runs at least one at once")
    algorithm(experiment.algorithm)
    return experiment


def plan(document: str, parameters: Mapping[str, Value], origin: Origin) -> ExperimentPlan:
    """The plan of an experiment; `parameters` are the same in all trials. Raises InputError."""
    return ExperimentPlan(loads(document), parameters, origin)


@dataclass(slots=True)
class Trial:
    """A trial: what it tries, its plan while it runs, and how it ended."""

    parameters: Mapping[str, Value]
    plan: Plan
    state: State | None = None
    value: float | None = None


class ExperimentPlan:
    """Keeps `parallel` trials going until there have been enough, or the space is exhausted."""

    def __init__(self, experiment: Experiment, parameters: Mapping[str, Value], origin: Origin) -> None:
        self._experiment, self._fixed, self._origin = experiment, parameters, origin
        self._algorithm = algorithm(experiment.algorithm)
        self._trials: list[Trial] = []
        self._exhausted = False

    def begin(self) -> list[Step]:
        return self._fill()

    def ended(self, task: str, outcome: Outcome) -> list[Step]:
        index = int(task.partition("/")[0].removeprefix("trial-"))
        steps = self._of(index, self._trials[index].plan.ended(task, outcome))
        return steps + self._fill()

    def halt(self) -> list[Step]:
        self._exhausted = True
        steps: list[Step] = []
        for index, trial in enumerate(self._trials):
            if trial.state is None:
                steps += self._of(index, trial.plan.halt())
        return steps + self._fill()

    def _fill(self) -> list[Step]:
        """Begin trials while there is room for them; the end, when the last has ended."""
        steps: list[Step] = []
        while self._room() and (parameters := self._propose()) is not None:
            steps += self._begin(parameters)
        if (self._exhausted or len(self._trials) >= self._experiment.trials) and all(t.state for t in self._trials):
            steps.append(self._end())
        return steps

    def _room(self) -> bool:
        going = sum(trial.state is None for trial in self._trials)
        return not self._exhausted and len(self._trials) < self._experiment.trials and going < self._experiment.parallel

    def _propose(self) -> dict[str, Value] | None:
        sign = -1.0 if self._experiment.goal == "maximize" else 1.0
        history = [Observation(t.parameters, None if t.value is None else sign * t.value) for t in self._trials]
        proposed = self._algorithm.propose(self._experiment.space, history, self._experiment.seed)
        self._exhausted = proposed is None
        return proposed

    def _begin(self, parameters: Mapping[str, Value]) -> list[Step]:
        index = len(self._trials)
        name = f"trial-{index}"
        inner = dag.plan(self._experiment.pipeline, {**self._fixed, **parameters}, self._origin, name)
        trial = Trial(parameters, inner)
        self._trials.append(trial)
        try:
            steps = self._of(index, inner.begin())
        except InputError as error:
            trial.state = State.FAILED
            steps = [Settled(name, State.FAILED, reason="BadInput", message=str(error))]
        return [Opened(name, "trial", parameters), *steps]

    def _of(self, index: int, steps: list[Step]) -> list[Step]:
        return [self._close(index, step) if isinstance(step, Ended) else step for step in steps]

    def _close(self, index: int, end: Ended) -> Step:
        """A trial's end. One that succeeded without a number as its metric has failed."""
        trial, value = self._trials[index], end.outputs.parameters.get(self._experiment.metric)
        trial.value = _finite(value)
        trial.state = end.state
        if trial.value is None and end.state is State.SUCCEEDED:
            trial.state = State.FAILED
            message = f"the output {self._experiment.metric!r} is {value!r}, and must be a number"
            return Settled(f"trial-{index}", State.FAILED, end.outputs, "NoMetric", message)
        return Settled(f"trial-{index}", end.state, end.outputs, "", end.reason)

    def _end(self) -> Step:
        """The best trial's parameters and value; it has failed when no trial gave a value."""
        sign = -1.0 if self._experiment.goal == "maximize" else 1.0
        judged = [(sign * t.value, i) for i, t in enumerate(self._trials) if t.state is State.SUCCEEDED and t.value is not None]
        if not judged:
            return Ended(State.FAILED, reason="no trial gave a value of the metric")
        index = min(judged)[1]
        best = self._trials[index]
        found: dict[str, Value] = {"trial": f"trial-{index}", "parameters": dict(best.parameters), "value": best.value}
        return Ended(State.SUCCEEDED, Outputs({"best": found}))


def _finite(value: Value) -> float | None:
    """The value as a number that can be compared; None for all else, such as the NaN of a fit that diverged."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None
