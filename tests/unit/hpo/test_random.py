"""Random search and its spaces."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kflite import space
from kflite.errors import InputError
from kflite.hpo import Observation, algorithm


def drawn(dimension: space.Dimension, trials: int = 400, seed: int = 0) -> list[float]:
    search, history = algorithm("random"), []
    for _ in range(trials):
        proposed = search.propose({"x": dimension}, history, seed)
        assert proposed is not None
        history.append(Observation(proposed))
    return [float(str(observation.parameters["x"])) for observation in history]


def test_the_same_seed_and_history_give_the_same_proposal() -> None:
    assert drawn(space.double(0, 1), 20) == drawn(space.double(0, 1), 20)
    assert drawn(space.double(0, 1), 20) != drawn(space.double(0, 1), 20, seed=1)


def test_a_logarithmic_range_has_as_many_values_in_each_order_of_magnitude() -> None:
    values = drawn(space.double(0.01, 100, log=True))
    assert 0.5 < statistics.median(values) < 2.0
    assert min(values) >= 0.01
    assert max(values) <= 100


def test_the_ends_of_an_integer_range_are_as_likely_as_what_lies_between() -> None:
    values = drawn(space.integer(1, 4))
    assert {values.count(v) > 60 for v in (1, 2, 3, 4)} == {True}


def test_every_choice_is_taken_as_it_is() -> None:
    search = algorithm("random")
    found = {str(search.propose({"k": space.choice(["a", 2, None])}, [Observation({})] * n, 0)) for n in range(40)}
    assert found == {"{'k': 'a'}", "{'k': 2}", "{'k': None}"}


bounds = st.tuples(st.integers(1, 1000), st.integers(0, 1000), st.integers(1, 50), st.booleans(), st.integers(0, 9))


@given(bounds)
def test_an_integer_lies_in_its_range_and_on_its_grid(drawing: tuple[int, int, int, bool, int]) -> None:
    low, width, step, log, seed = drawing
    dimension = space.integer(low, low + width, log=log, step=step)
    for value in drawn(dimension, 5, seed):
        assert low <= value <= low + width
        assert (value - low) % step == 0


@given(st.floats(-100, 100), st.floats(0.001, 100), st.floats(0.01, 10), st.integers(0, 9))
def test_a_double_with_a_step_lies_in_its_range_and_on_its_grid(low: float, width: float, step: float, seed: int) -> None:
    for value in drawn(space.double(low, low + width, step=step), 5, seed):
        assert low - 1e-9 <= value <= low + width + 1e-9
        assert abs(round((value - low) / step) - (value - low) / step) < 1e-6


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: space.double(2, 1), "nothing between 2 and 1"),
        (lambda: space.double(0, 1, log=True), "begins above 0"),
        (lambda: space.integer(1, 2, step=0), "leads nowhere"),
        (lambda: space.choice([]), "at least one value"),
        (lambda: space.load({"x": {"kind": "gaussian"}}), "parameter 'x' of the space"),
        (lambda: algorithm("guess"), "there is no algorithm 'guess'"),
    ],
)
def test_what_makes_no_sense_is_refused(make, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=message):
        make()


def test_a_space_is_kept_as_json() -> None:
    whole = {"a": space.double(0.1, 1, log=True), "b": space.integer(1, 9, step=2), "c": space.choice(["x", 1])}
    assert space.load(space.dump(whole)) == whole


def test_a_grid_never_goes_beyond_the_upper_bound_by_rounding() -> None:
    assert max(drawn(space.double(0, 0.3, step=0.1))) == 0.3
