"""A tuning as a plan: trials, some at once, and the best of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest

from kflite import space
from kflite.core.event_kind import State
from kflite.core.plan import Answer, Ask, Ended, Origin, Outcome, Ready, Settled, Step
from kflite.core.value import Outputs, Value
from kflite.errors import InputError
from kflite.hpo import Observation
from kflite.plans import tuning
from kflite.plans.tuning import TuningSpec

LEAF = {
    "pipelineInfo": {"name": "p"},
    "root": {
        "inputDefinitions": {"parameters": {"x": {"parameterType": "NUMBER_DOUBLE"}}},
        "outputDefinitions": {"parameters": {"loss": {"parameterType": "NUMBER_DOUBLE"}}},
        "dag": {
            "tasks": {
                "fit": {"componentRef": {"name": "comp-fit"}, "inputs": {"parameters": {"x": {"componentInputParameter": "x"}}}}
            },
            "outputs": {"parameters": {"loss": {"valueFromParameter": {"producerSubtask": "fit", "outputParameterKey": "loss"}}}},
        },
    },
    "components": {
        "comp-fit": {
            "executorLabel": "exec-fit",
            "inputDefinitions": {"parameters": {"x": {"parameterType": "NUMBER_DOUBLE"}}},
            "outputDefinitions": {"parameters": {"loss": {"parameterType": "NUMBER_DOUBLE"}}},
        }
    },
    "deploymentSpec": {"executors": {"exec-fit": {"container": {"image": "i", "command": ["fit"]}}}},
}

Judge = Callable[[int, float], Outcome]


UNIT = space.double(0, 1)


def asked(x: space.Dimension = UNIT, **changes: Value) -> str:
    fields: dict[str, object] = {"metric": "loss", "trials": 6, "parallel": 2, "goal": "minimize"}
    return TuningSpec(json.dumps(LEAF), {"x": x}, **(fields | changes)).dumps()  # type: ignore[arg-type]


def loss(trial: int, x: float) -> Outcome:
    return Outcome(State.SUCCEEDED, Outputs({"loss": (x - 0.3) ** 2}))


class Driven:
    """A tuning that has been driven to its end."""

    def __init__(self, document: str, judge: Judge = loss, halt_after: int = -1) -> None:
        plan = self.plan = tuning.plan(document, {}, Origin("r", "n", 0.0))
        self.ready: list[Ready] = []
        self.settled: dict[str, Settled] = {}
        self.tried: list[float] = []
        self.most_at_once = 0
        self.end: Ended | None = None
        self._follow(plan.begin())
        while self.ready:
            self.most_at_once = max(self.most_at_once, len(self.ready))
            if len(self.tried) == halt_after:
                self._follow(plan.halt())
            task = self.ready.pop(0)
            self.tried.append(float(str(task.work.parameters["x"])))
            trial = int(task.task.partition("/")[0].removeprefix("trial-"))
            self._follow(plan.hear(task.task, judge(trial, self.tried[-1])))

    def _follow(self, steps: list[Step]) -> None:
        for step in steps:
            assert self.end is None
            match step:
                case Ready():
                    self.ready.append(step)
                case Settled():
                    self.settled[step.task] = step
                case Ended():
                    self.end = step
                case Ask(id, question):
                    self._follow(self.plan.hear(id, Answer(question())))
                case _:
                    pass


@pytest.mark.parametrize(("goal", "best"), [("minimize", min), ("maximize", max)])
def test_the_best_trial_is_found_and_no_more_run_at_once_than_asked(goal: str, best: Callable[[list[float]], float]) -> None:
    driven = Driven(asked(goal=goal))
    assert driven.end
    found = driven.end.outputs.parameters["best"]
    assert isinstance(found, dict)
    assert found["value"] == best([(x - 0.3) ** 2 for x in driven.tried])
    assert (len(driven.tried), driven.most_at_once) == (6, 2)


def test_a_trial_that_fails_does_not_fail_the_experiment() -> None:
    driven = Driven(asked(), lambda trial, x: Outcome(State.FAILED, reason="Error") if trial == 2 else loss(trial, x))
    assert driven.end
    assert (driven.end.state, driven.settled["trial-2"].state) == (State.SUCCEEDED, State.FAILED)


def test_an_experiment_whose_trials_all_fail_has_failed() -> None:
    driven = Driven(asked(), lambda trial, x: Outcome(State.FAILED, reason="Error"))
    assert driven.end
    assert (driven.end.state, driven.end.reason) == (State.FAILED, "no trial gave a value of the metric")


def test_a_trial_without_the_metric_has_failed_and_says_so() -> None:
    driven = Driven(asked(metric="accuracy"))
    assert (driven.settled["trial-0"].reason, driven.settled["trial-0"].message) == (
        "NoMetric",
        "the output 'accuracy' is None, and must be a number",
    )


def test_a_halted_experiment_begins_no_further_trial() -> None:
    driven = Driven(asked(), halt_after=3)
    assert driven.end
    assert len(driven.tried) < 6


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"goal": "win"}, "must be maximize or minimize"),
        ({"trials": 0}, "at least one trial"),
        ({"algorithm": "x"}, "no algorithm"),
    ],
)
def test_an_experiment_that_makes_no_sense_is_refused(changes: dict[str, Value], message: str) -> None:
    with pytest.raises(InputError, match=message):
        tuning.plan(asked(**changes), {}, Origin("r", "n", 0.0))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, "0.1", 10**400])
def test_a_metric_that_cannot_be_compared_is_no_metric_and_never_the_best(value: Value) -> None:
    def diverging(trial: int, x: float) -> Outcome:
        return Outcome(State.SUCCEEDED, Outputs({"loss": value})) if trial == 0 else loss(trial, x)

    driven = Driven(asked(), diverging)
    assert (driven.settled["trial-0"].state, driven.settled["trial-0"].reason) == (State.FAILED, "NoMetric")
    best = driven.end and driven.end.outputs.parameters["best"]
    assert isinstance(best, dict)
    assert best["value"] == min((x - 0.3) ** 2 for x in driven.tried[1:])


def test_a_trial_that_the_pipeline_does_not_take_has_failed_and_the_others_go_on() -> None:
    driven = Driven(asked(space.choice([0.5, "much"]), trials=12))
    bad = {name: step for name, step in driven.settled.items() if step.state is State.FAILED}
    assert {step.reason for step in bad.values()} == {"BadInput"}
    assert {step.message for step in bad.values()} == {"pipeline 'p': parameter 'x' must be a NUMBER_DOUBLE, and is 'much'"}
    assert (len(bad) + len(driven.tried), driven.end and driven.end.state) == (12, State.SUCCEEDED)


def test_an_algorithm_that_has_nothing_more_to_give_ends_the_experiment(monkeypatch: pytest.MonkeyPatch) -> None:
    class Grid:
        def propose(self, space: object, history: Sequence[Observation], seed: int) -> dict[str, Value] | None:
            return {"x": [0.1, 0.2, 0.3][len(history)]} if len(history) < 3 else None

    monkeypatch.setattr(tuning, "algorithm", lambda name: Grid())
    driven = Driven(asked())
    assert driven.tried == [0.1, 0.2, 0.3]
    assert driven.end
    assert driven.end.state is State.SUCCEEDED


def test_an_algorithm_sees_losses_of_which_lower_is_better_and_none_of_what_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Sequence[Observation]] = []

    class Watching:
        def propose(self, space: object, history: Sequence[Observation], seed: int) -> dict[str, Value] | None:
            seen.append(history)
            return {"x": 0.5}

    def judge(trial: int, x: float) -> Outcome:
        return Outcome(State.SUCCEEDED, Outputs({"loss": 2.0})) if trial else Outcome(State.FAILED, reason="Error")

    monkeypatch.setattr(tuning, "algorithm", lambda name: Watching())
    Driven(asked(goal="maximize", parallel=1, trials=3), judge)
    assert [observation.loss for observation in seen[-1]] == [None, -2.0]


def test_the_first_of_equal_trials_is_the_best() -> None:
    driven = Driven(asked(), lambda trial, x: Outcome(State.SUCCEEDED, Outputs({"loss": 1.0})))
    best = driven.end and driven.end.outputs.parameters["best"]
    assert isinstance(best, dict)
    assert best["trial"] == "trial-0"


def test_the_same_experiment_tries_the_same_again() -> None:
    assert Driven(asked()).tried == Driven(asked()).tried != Driven(asked(seed=1)).tried
