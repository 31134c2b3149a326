"""What is set beside a task's inputs, in runs: texts that the run completes, amounts that tasks give, the time that a run has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import kflite
from kflite import dsl
from kflite.core.event_kind import State


@dsl.component
def echo(x: str) -> str:
    return x


@dsl.component
def shown(values: dict, items: list) -> str:
    import json

    return json.dumps([values, items], sort_keys=True)


@dsl.component
def limits() -> str:
    import os

    return os.environ["NAME"]


@dsl.component
def sleep():  # type: ignore[no-untyped-def]
    import time

    time.sleep(60)


@dsl.component
def join(xs: list[str]) -> str:
    return ",".join(xs)


def test_texts_inside_lists_and_dicts_are_completed(run_each: Callable[..., kflite.Run]) -> None:
    @dsl.pipeline
    def p(a: str, n: int) -> str:
        first = echo(x=f"{a}-{n}")
        values = {"deep": {"er": [f"{first.output}/{n}", n]}, "run": dsl.PIPELINE_JOB_NAME_PLACEHOLDER}
        return shown(values=values, items=[[first.output, f"{a}{a}"], True, 1.5]).output

    assert run_each(p, a="x", n=2).outputs["Output"] == '[{"deep": {"er": ["x-2/2", 2]}, "run": "p"}, [["x-2", "xx"], true, 1.5]]'


def test_an_entry_of_a_loops_item_stands_in_texts(run_each: Callable[..., kflite.Run]) -> None:
    @dsl.pipeline
    def p(rows: list[dict[str, str]], a: str) -> str:
        first = echo(x="first")
        with dsl.ParallelFor(rows) as row:
            each = echo(x=f"{row.k}-{a}-{first.output}")
        return join(xs=dsl.Collected(each.output)).output

    assert run_each(p, rows=[{"k": "1"}, {"k": "2"}], a="x").outputs["Output"] == "1-x-first,2-x-first"


def test_settings_take_what_the_run_knows_inside_groups_too(run_each: Callable[..., kflite.Run]) -> None:
    @dsl.pipeline
    def p(cpu: str, names: list[str]) -> str:
        memory = echo(x="100Mi")
        with dsl.If(memory.output != ""), dsl.ParallelFor(names) as name:
            task = limits().set_cpu_request(cpu).set_memory_request(memory.output).set_env_variable("NAME", f"{name}!")
            with dsl.If(memory.output == "100Mi"):
                limits().set_cpu_request(cpu).set_env_variable("NAME", task.output)
        return memory.output

    run = run_each(p, cpu="500m", names=["a", "b"])
    assert run.state is State.SUCCEEDED
    made = sorted(str(task.outputs["Output"]) for path, task in run.tasks.items() if path.rsplit("/")[-1].startswith("limits"))
    assert made == ["a!", "a!", "b!", "b!"]


def test_a_pipelines_own_deadline_stops_its_run(home: Path) -> None:
    @dsl.pipeline(pipeline_config=dsl.PipelineConfig(active_deadline_seconds=1))
    def p():  # type: ignore[no-untyped-def]
        sleep()

    run = kflite.run(p, on="process")
    assert (run.state, run.reason) == (State.FAILED, "the run took longer than its 1 s")


def test_a_time_that_is_given_with_the_run_counts_in_place_of_the_pipelines(home: Path) -> None:
    @dsl.pipeline(pipeline_config=dsl.PipelineConfig(active_deadline_seconds=1))
    def p():  # type: ignore[no-untyped-def]
        sleep()

    run = kflite.run(p, on="process", timeout=0.5)
    assert run.reason == "the run took longer than its 0.5 s"


def test_a_pipeline_in_another_that_takes_too_long_is_stopped_and_the_rest_goes_on(home: Path) -> None:
    @dsl.pipeline
    def slow():  # type: ignore[no-untyped-def]
        echo(x="after").after(sleep().set_retry(2))

    @dsl.pipeline
    def p():  # type: ignore[no-untyped-def]
        slow().set_timeout(1)
        echo(x="beside")

    run = kflite.run(p, on="process")
    states = {path: task.state for path, task in run.tasks.items()}
    assert states == {"slow": State.FAILED, "slow/sleep": State.FAILED, "slow/echo": State.SKIPPED, "echo": State.SUCCEEDED}
    found = run.tasks["slow/sleep"]
    assert (len(found.attempts), found.reason, found.message) == (1, "Timeout", "the pipeline slow ran longer than its 1 s")


def test_what_waits_for_room_in_it_fails_at_the_same_time(home: Path) -> None:
    @dsl.pipeline
    def slow():  # type: ignore[no-untyped-def]
        sleep()
        sleep()

    @dsl.pipeline
    def p():  # type: ignore[no-untyped-def]
        slow().set_timeout(1)

    run = kflite.run(p, on="process", parallel=1)
    ended = sorted((len(task.attempts), task.state, task.message) for path, task in run.tasks.items() if "/" in path)
    told = "the pipeline slow ran longer than its 1 s"
    assert ended == [(0, State.FAILED, f"{told}, and this task was still waiting"), (1, State.FAILED, told)]


def test_results_expire_after_the_days_that_are_set(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def reason() -> str:
        return kflite.run(echo, {"x": "a"}, on="inline").tasks["echo"].reason

    monkeypatch.setenv("KFLITE_CACHE_DAYS", "1e-12")
    assert [reason(), reason()] == ["", ""]
    monkeypatch.setenv("KFLITE_CACHE_DAYS", "1")
    assert [reason(), reason()] == ["", "cached"]
