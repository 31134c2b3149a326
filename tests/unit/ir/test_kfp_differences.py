"""What of a pipeline a KFP backend does otherwise than kflite."""

from __future__ import annotations

from kflite import dsl
from kflite.ir.kfp_differences import kfp_differences


@dsl.component
def step() -> str:
    return ""


@dsl.component
def read(data: dsl.Input[dsl.Dataset]) -> None:
    pass


@dsl.component
def make(data: dsl.Output[dsl.Dataset]) -> None:
    pass


@dsl.pipeline
def inner() -> None:
    step()


def told(pipeline: dsl.Component) -> list[str]:
    return kfp_differences(dsl.compile(pipeline).documents)


def test_times_of_pipelines_inside_others_are_told_by_path() -> None:
    @dsl.pipeline
    def middle() -> None:
        inner().set_timeout(5)

    @dsl.pipeline
    def outer() -> None:
        middle().set_timeout(60)
        step().set_retry(2).set_timeout(3)

    why = "timeouts of pipelines are not kept: it bounds runs, and tasks that run something"
    assert told(outer) == [f"on a KFP backend {why} (of middle, middle/inner)"]


def test_loops_over_artifacts_are_told() -> None:
    @dsl.pipeline
    def outer() -> None:
        with dsl.ParallelFor([1, 2]):
            made = make()
        with dsl.ParallelFor(dsl.Collected(made.outputs["data"])) as data:
            read(data=data)

    (line,) = told(outer)
    assert "loops over artifacts are refused" in line


def test_tasks_that_run_whatever_happened_have_one_before_them_and_none_after() -> None:
    @dsl.pipeline
    def outer() -> None:
        last = step().after(step(), step()).ignore_upstream_failure()
        step().after(last)

    assert [line.partition(" (of ")[2] for line in told(outer)] == ["step)", "step-4)"]


def test_what_a_backend_does_as_well_is_not_told() -> None:
    @dsl.pipeline
    def outer(n: int) -> None:
        with dsl.ExitHandler(step()):
            inner()
        with dsl.If(n > 1), dsl.ParallelFor([1]):
            step().set_timeout(5).set_retry(2)
        step().after(step()).ignore_upstream_failure()

    assert told(outer) == []
