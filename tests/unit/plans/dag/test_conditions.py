"""Conditions: what they take, and that one without an answer is an error and never false."""

from __future__ import annotations

import pytest
from builder import Pipeline, of, outer, parameters, task
from drive import FAILS, Driven, gives, plan_of

from kflite.core.event_kind import State
from kflite.core.value import Value
from kflite.plans.dag.condition import ConditionError, holds, readable

X = "inputs.parameter_values['x']"


@pytest.mark.parametrize(
    ("expression", "x", "answer"),
    [
        (f"int({X}) > 2", 3, True),
        (f"int({X}) > 2", 2, False),
        (f"{X} == 'yes'", "yes", True),
        (f"{X} == true", True, True),
        (f"!({X} == true)", True, False),
        (f"double({X}) < 0.5", 0.25, True),
        (f"int({X}) > 2 && int({X}) < 5", 4, True),
        (f"'a' in {X}", ["a", "b"], True),
        (f"parseJson({X})['key'] == 'v'", '{"key": "v"}', True),
    ],
)
def test_a_condition_is_asked_of_the_inputs(expression: str, x: Value, answer: bool) -> None:
    assert holds(expression, {"x": x}) is answer


@pytest.mark.parametrize(
    ("expression", "given", "message"),
    [
        (f"int({X}) > 2", {}, "condition 'x > 2': 'x' is null"),
        (f"int({X}) > 2", {"x": None}, "condition 'x > 2': 'x' is null"),
        (f"int({X}) > 2", {"x": "many"}, "condition 'x > 2' cannot be evaluated"),
        (f"{X} > 2", {"x": "3"}, "condition 'x > 2' cannot be evaluated"),
        (f"int({X}) + 1", {"x": 1}, "gives 2, neither true nor false"),
        (f"int({X}) >", {"x": 1}, "is not CEL"),
        ("(" * 5000 + "true" + ")" * 5000, {}, "is not CEL"),
    ],
)
def test_a_condition_without_an_answer_is_an_error(expression: str, given: dict[str, Value], message: str) -> None:
    with pytest.raises(ConditionError) as raised:
        holds(expression, given)
    assert message in str(raised.value)


def test_a_condition_is_shown_as_it_was_written() -> None:
    assert readable("int(inputs.parameter_values['pipelinechannel--step-Output']) > int(double(3.0))") == "step-Output > 3.0"


def asking(condition: str) -> str:
    pipeline = Pipeline().group("then", {"t": task()}, inputs=parameters(x=int))
    return pipeline.document(
        a=task(), b=task("then", after=["a"], inputs={"x": of("a")}, condition=condition), c=task("leaf", after=["b"])
    )


def test_a_false_condition_skips_its_branch_and_what_follows() -> None:
    driven = Driven(plan_of(asking(f"int({X}) > 5")), lambda task, work: gives(x=1))
    assert driven.states == {"a": State.SUCCEEDED, "b": State.SKIPPED, "c": State.SKIPPED}
    assert (driven.reasons["b"], driven.reasons["c"]) == ("condition is false: x > 5", "b was skipped")
    assert driven.end
    assert driven.end.state is State.SUCCEEDED


def test_a_condition_that_cannot_be_asked_fails_its_branch_and_the_run() -> None:
    driven = Driven(plan_of(asking(f"{X}.startsWith('a')")), lambda task, work: gives(x=1))
    assert (driven.states["b"], driven.states["c"]) == (State.FAILED, State.SKIPPED)
    assert (driven.reasons["b"], driven.end and driven.end.state) == ("BadCondition", State.FAILED)


def test_a_condition_on_a_failed_task_is_not_asked() -> None:
    driven = Driven(plan_of(asking("this is no CEL")), lambda task, work: FAILS)
    assert (driven.states["b"], driven.reasons["b"]) == (State.SKIPPED, "a failed")


def test_a_leaf_may_have_a_condition_of_its_own() -> None:
    pipeline = Pipeline().leaf("taker", inputs=parameters(x=int))
    document = pipeline.document(
        inputs=parameters(x=int), t=task("taker", inputs={"x": outer("x")}, condition=f"int({X}) == 9007199254740993")
    )
    driven = Driven(plan_of(document, x=9007199254740993), lambda task, work: gives())
    assert driven.states == {"t": State.SUCCEEDED}


def test_an_input_whose_producer_was_skipped_in_a_group_skips_its_task_and_does_not_fail_it() -> None:
    x = {"parameters": {"x": {"valueFromParameter": {"producerSubtask": "t", "outputParameterKey": "x"}}}}
    tasks = {"t": task(inputs={"n": outer("n")}, condition="int(inputs.parameter_values['n']) > 5")}
    pipeline = Pipeline().group("g", tasks, parameters(n=int), parameters(x=int), **x).leaf("taker", parameters(x=int))
    document = pipeline.document(
        inputs=parameters(n=int), g=task("g", inputs={"n": outer("n")}), z=task("taker", inputs={"x": of("g")})
    )
    driven = Driven(plan_of(document, n=1), lambda task, work: gives(x=1))
    assert driven.states == {"g/t": State.SKIPPED, "g": State.SUCCEEDED, "z": State.SKIPPED}
    assert driven.reasons["z"] == "input 'x' has no value: the task that gives it, in 'g', was skipped"
    assert Driven(plan_of(document, n=9), lambda task, work: gives(x=1)).states["z"] is State.SUCCEEDED
