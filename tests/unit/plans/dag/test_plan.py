"""What each construct of a pipeline does, as the plan sees it."""

from __future__ import annotations

import pytest
from drive import FAILS, Driven, gives, plan_of

from kflite import dsl
from kflite.core.event_kind import State
from kflite.core.plan import Outcome, Work
from kflite.core.value import Artifact, Outputs, Value
from kflite.errors import InputError

S, F, K, C = State.SUCCEEDED, State.FAILED, State.SKIPPED, State.CANCELLED


@dsl.component
def inc(x: int) -> int:
    return x + 1


@dsl.component
def text(x: str = "none") -> str:
    return x


@dsl.component
def total(xs: list) -> int:
    return sum(xs)


@dsl.component
def make(x: int, out: dsl.Output[dsl.Dataset]) -> None:
    print(x, out.path)


@dsl.component
def merge(parts: dsl.Input[list[dsl.Dataset]]) -> int:
    return len(parts)


@dsl.component
def note(status: dsl.PipelineTaskFinalStatus) -> None:
    print(status)


def compute(task: str, work: Work) -> Outcome:
    """What the components do."""
    given = work.parameters
    match work.title:
        case "inc":
            return gives(Output=int(str(given["x"])) + 1)
        case "text":
            return gives(Output=given.get("x", "none"))
        case "total":
            assert isinstance(given["xs"], list)
            return gives(Output=sum(int(str(x)) for x in given["xs"]))
        case "make":
            return Outcome(S, Outputs({}, {"out": (Artifact("out", f"/a/{task}", "system.Dataset"),)}))
        case "merge":
            return gives(Output=len(work.artifacts["parts"]))
        case _:
            return gives()


def run(pipeline: dsl.Component, judge=compute, halt_after: int = -1, **parameters: Value) -> Driven:  # type: ignore[no-untyped-def]
    return Driven(plan_of(dsl.compile(pipeline).dumps(), **parameters), judge, halt_after=halt_after)


def failing(*tasks: str):  # type: ignore[no-untyped-def]
    return lambda task, work: FAILS if task in tasks else compute(task, work)


@dsl.pipeline
def branches(x: int) -> str:
    with dsl.If(x > 5):
        high = text(x="high")
    with dsl.Elif(x > 2):
        middle = text(x="middle")
    with dsl.Else():
        low = text(x="low")
    return dsl.OneOf(high.output, middle.output, low.output)


@pytest.mark.parametrize(("x", "branch"), [(9, "high"), (3, "middle"), (0, "low")])
def test_one_branch_runs_and_gives_the_result(x: int, branch: str) -> None:
    driven = run(branches, x=x)
    assert driven.end
    assert driven.end.outputs.parameters == {"Output": branch}
    assert list(driven.states.values()).count(K) == 2


def test_a_branch_that_is_skipped_says_which_condition_was_false() -> None:
    assert "condition is false: x > 5" in run(branches, x=0).reasons.values()


@dsl.pipeline
def nested_loops() -> int:
    with dsl.ParallelFor([1, 2]):
        with dsl.ParallelFor([10, 20, 30]) as b:
            one = inc(x=b)
        subtotal = total(xs=dsl.Collected(one.output))
    return total(xs=dsl.Collected(subtotal.output)).output


def test_loops_nest_and_collect_in_order() -> None:
    driven = run(nested_loops)
    assert driven.end
    assert driven.end.outputs.parameters == {"Output": 2 * (11 + 21 + 31)}
    assert [w.parameters["xs"] for t, w in driven.works.items() if t.endswith("]/total")] == [[11, 21, 31]] * 2


@dsl.pipeline
def limited() -> None:
    with dsl.ParallelFor([1, 2, 3, 4, 5], parallelism=2) as x:
        inc(x=x)


def test_no_more_iterations_run_at_once_than_the_loop_allows() -> None:
    driven = run(limited)
    assert (driven.most_at_once, len(driven.works)) == (2, 5)


@dsl.pipeline
def over(items: list) -> int:
    with dsl.ParallelFor(items) as x:
        one = inc(x=x)
    return total(xs=dsl.Collected(one.output)).output


def test_a_loop_over_nothing_succeeds_and_collects_nothing() -> None:
    driven = run(over, items=[])
    assert driven.end
    assert (driven.end.state, driven.end.outputs.parameters) == (S, {"Output": 0})


def test_an_iteration_that_fails_fails_its_loop_and_what_follows_is_skipped() -> None:
    driven = run(over, failing("for-loop-1[1]/inc"), items=[1, 2, 3])
    assert driven.end
    assert (driven.end.state, driven.states["for-loop-1"], driven.states["total"]) == (F, F, K)
    assert driven.reasons["total"] == "for-loop-1 failed"


@dsl.pipeline
def artifacts() -> int:
    with dsl.ParallelFor([1, 2, 3]) as x:
        made = make(x=x)
    return merge(parts=dsl.Collected(made.outputs["out"])).output


def test_collected_artifacts_are_one_list_in_order() -> None:
    driven = run(artifacts)
    parts = driven.works["merge"].artifacts["parts"]
    assert [part.uri for part in parts] == [f"/a/for-loop-2[{i}]/make" for i in range(3)]


@dsl.pipeline
def cleaned() -> None:
    with dsl.ExitHandler(note()):
        inc(x=inc(x=1).output)


@pytest.mark.parametrize(("fails", "state"), [((), "SUCCEEDED"), (("exit-handler-1/inc",), "FAILED")])
def test_an_exit_task_runs_whatever_happened_and_is_told(fails: tuple[str, ...], state: str) -> None:
    driven = run(cleaned, failing(*fails))
    status = driven.works["note"].parameters["status"]
    assert isinstance(status, dict)
    assert (status["state"], status["pipelineTaskName"]) == (state, "exit-handler-1")
    assert driven.states["note"] is S


def test_an_exit_task_runs_after_a_halt_too() -> None:
    driven = run(
        cleaned, lambda task, work: compute(task, work) if task == "note" else Outcome(C, reason="cancelled"), halt_after=0
    )
    assert driven.states["note"] is S
    assert driven.end
    assert driven.end.state is C


@dsl.pipeline
def tolerant() -> None:
    broken = text(x="x")
    text(x=broken.output).ignore_upstream_failure()


def test_a_task_that_ignores_failure_runs_on_its_default() -> None:
    driven = run(tolerant, failing("text"))
    assert "x" not in driven.works["text-2"].parameters
    assert (driven.states["text-2"], driven.end and driven.end.state) == (S, F)


@dsl.pipeline
def strings(n: int = 3) -> str:
    return text(x=f"n is {n}, not {inc(x=n).output}").output


def test_values_are_put_into_texts() -> None:
    driven = run(strings)
    assert driven.works["text"].parameters["x"] == "n is 3, not 4"


@dsl.pipeline
def lists(n: int) -> int:
    return total(xs=[n, inc(x=n).output, 7]).output


def test_numbers_in_a_list_stay_numbers() -> None:
    assert run(lists, n=1).works["total"].parameters["xs"] == [1, 2, 7]


def test_what_a_task_gave_is_never_taken_for_a_placeholder() -> None:
    trap = "{{$.pipeline_job_name}}"

    @dsl.pipeline
    def chained() -> str:
        return text(x=text(x="a").output).output

    driven = run(chained, lambda task, work: gives(Output=trap) if task == "text" else compute(task, work))
    assert driven.works["text-2"].parameters["x"] == trap


def test_a_parameter_of_the_wrong_type_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="parameter 'x' must be a NUMBER_INTEGER, and is 'many'"):
        run(branches, x="many")


def test_a_condition_without_a_value_fails_and_is_not_false() -> None:
    @dsl.pipeline
    def unsure(x: int | None = None) -> None:
        with dsl.If(x > 5):
            text(x="high")

    driven = run(unsure)
    assert driven.end
    assert driven.end.state is F
