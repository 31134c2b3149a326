"""The keywords of the calls that start runs."""

from __future__ import annotations

from dataclasses import fields

import pytest

import kflite
from kflite import dsl, space
from kflite.plans.tuning import TuningSpec
from kflite.runs.options import (
    BlockingRunOptions,
    RunOptions,
    Search,
    SubmitOptions,
    TuneOptions,
    run_options,
    split_options,
    tune_options,
)

UNIT = {"c": space.double(0, 1)}


@dsl.component
def one() -> int:
    return 1


def test_an_option_that_there_is_not_is_named_with_what_may_be_meant() -> None:
    with pytest.raises(TypeError, match=r"run\(\) has no option 'paralel': did you mean 'parallel'\?"):
        kflite.run(one, paralel=2)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"tune\(\) has no option 'fail_fast'; it has metric"):
        kflite.tune(one, UNIT, metric="Output", fail_fast=True)  # type: ignore[call-arg]


def test_a_tuning_needs_a_metric() -> None:
    with pytest.raises(TypeError, match=r"needs metric=\.\.\."):
        kflite.tune(one, UNIT)  # type: ignore[call-arg]


@pytest.mark.anyio
async def test_a_client_refuses_what_the_blocking_calls_alone_have() -> None:
    with pytest.raises(TypeError, match=r"submit\(\) has no option 'progress'"):
        await kflite.Client(home="/nowhere").submit(one, progress=False)  # type: ignore[call-arg]


def test_defaults_are_those_of_the_record() -> None:
    assert run_options({}, "submit") == SubmitOptions()
    assert run_options({"labels": None, "timeout": 3.0}, "submit") == SubmitOptions(timeout=3.0)


def test_parallel_is_of_trials_for_a_tuning_and_of_tasks_for_a_run() -> None:
    search, options = tune_options(UNIT, {"metric": "m", "parallel": 3, "name": "n"}, "tune")
    assert (search.parallel, options) == (3, SubmitOptions(name="n"))
    assert run_options({"parallel": 3}, "submit").parallel == 3


def test_blocking_calls_split_their_keywords() -> None:
    split = split_options({"home": "h", "progress": False, "name": "n"}, BlockingRunOptions, "run")
    assert split == ({"home": "h", "progress": False}, {"name": "n"})


def test_the_keywords_and_the_records_have_the_same_fields() -> None:
    assert set(RunOptions.__annotations__) == {field.name for field in fields(SubmitOptions)}
    searched = {field.name for field in fields(Search)} - {"space"}
    assert set(TuneOptions.__annotations__) == searched | {"parameters"} | set(RunOptions.__annotations__) - {"fail_fast"}
    assert [field.name for field in fields(TuningSpec)] == ["pipeline", *(field.name for field in fields(Search))]
