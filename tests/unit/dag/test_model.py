"""Random DAGs with random failures, in random order, end as a simple recursive reference says."""

from __future__ import annotations

from random import Random

from drive import FAILS, Driven, gives, plan_of
from hypothesis import given, settings
from hypothesis import strategies as st
from pipelines import Builder
from reference import expected

from kflite.event import State
from kflite.plan import Outcome, Work


def value_of(seed: int, task: str) -> int | None:
    """What a task gives, None where it fails: drawn by its name, so that it is the same in any order."""
    drawn = Random(f"{seed}/{task}")
    return None if drawn.random() < 0.2 else drawn.randint(0, 9)


def driven(document: str, seed: int, order: int, halt_after: int = -1) -> Driven:
    halted = halt_after >= 0

    def judge(task: str, work: Work) -> Outcome:
        value = value_of(seed, task)
        if halted and run is not None and run.halt_after < 0:
            return Outcome(State.CANCELLED, reason="cancelled")
        return FAILS if value is None else gives(x=value)

    run: Driven | None = None
    run = Driven(plan_of(document), judge, Random(order), halt_after)
    return run


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
