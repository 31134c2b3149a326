"""Random DAGs with random failures, in random order, end as a simple recursive reference says."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from builder import Pipeline, task
from drive import FAILS, Driven, gives, plan_of
from hypothesis import given, settings
from hypothesis import strategies as st
from pipelines import Builder
from reference import expected

from kflite.core.event_kind import State
from kflite.core.plan import Outcome, Work
from kflite.plans.dag import DagPlan


def value_of(seed: int, task: str) -> int | None:
    """What a task gives, None where it fails: drawn by its name, so that it is the same in any order."""
    drawn = Random(f"{seed}/{task}")
    return None if drawn.random() < 0.2 else drawn.randint(0, 9)


def driven(document: str, seed: int, order: int, halt_after: int = -1) -> Driven:
    def judge(task: str, work: Work) -> Outcome:
        value = value_of(seed, task)
        return FAILS if value is None else gives(x=value)

    def cancel(task: str, work: Work) -> Outcome:
        return judge(task, work) if always(document, task) else Outcome(State.CANCELLED, reason="cancelled")

    return Driven(plan_of(document), judge, Random(order), halt_after, cancel)


def always(document: str, path: str) -> bool:
    """Whether the task runs whatever happened."""
    first = json.loads(document.splitlines()[0])
    found, task = first["root"], {}
    for name in path.split("/"):
        task = found["dag"]["tasks"][name.partition("[")[0]]
        found = first["components"][task["componentRef"]["name"]]
    return task.get("triggerPolicy", {}).get("strategy") == "ALL_UPSTREAM_TASKS_COMPLETED"


pipelines = st.randoms(use_true_random=False).map(lambda random: Builder(random).pipeline())


@settings(max_examples=150, deadline=None)
@given(pipelines, st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_random_pipeline_ends_as_the_reference_says(document: str, seed: int, order: int) -> None:
    run = driven(document, seed, order)
    state, states = expected(document, lambda task, retries: value_of(seed, task))
    assert run.end
    assert (run.end.state, run.states) == (state, states)


@settings(max_examples=80, deadline=None)
@given(pipelines, st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_order_of_ends_changes_nothing(document: str, seed: int, one: int, other: int) -> None:
    first, second = driven(document, seed, one), driven(document, seed, other)
    assert first.states == second.states
    assert first.end == second.end


@settings(max_examples=80, deadline=None)
@given(pipelines, st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 12))
def test_a_pipeline_that_is_halted_comes_to_its_end(document: str, seed: int, order: int, halt_after: int) -> None:
    run = driven(document, seed, order, halt_after)
    assert set(run.works) <= set(run.states), "a task that was given has no end"
    assert all(always(document, task) for task in run.late), "a task begins after the halt"
    cancelled = {task for task, state in run.states.items() if state is State.CANCELLED}
    assert run.end
    assert run.end.state is (State.FAILED if State.FAILED in run.states.values() else worst(cancelled))


def worst(cancelled: set[str]) -> State:
    return State.CANCELLED if cancelled else State.SUCCEEDED


@settings(max_examples=60, deadline=None)
@given(pipelines, st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_outputs_too_are_the_same_in_any_order(document: str, seed: int, order: int) -> None:
    first, second = driven(document, seed, 0), driven(document, seed, order)
    assert first.outputs == second.outputs
    assert {task: work.parameters for task, work in first.works.items()} == {t: w.parameters for t, w in second.works.items()}


@pytest.mark.parametrize("wide", [True, False], ids=["wide", "deep"])
def test_ten_thousand_tasks_are_looked_at_once_each(wide: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    look = DagPlan._trigger

    def counting(plan: DagPlan, trigger: Any) -> None:
        looked.append(trigger.scope.path_of(trigger.scope.dag.tasks[trigger.index].name))
        look(plan, trigger)

    monkeypatch.setattr(DagPlan, "_trigger", counting)
    tasks = {f"t{n}": task(after=[] if wide or n == 0 else [f"t{n - 1}"]) for n in range(9_998)}
    document = Pipeline().document(first=task(), **tasks, last=task(after=list(tasks)))
    run = Driven(plan_of(document), lambda task, work: gives(x=1))
    assert len(looked) == len(set(looked)) == len(run.works) == 10_000
    assert looked[-1] == "last"
