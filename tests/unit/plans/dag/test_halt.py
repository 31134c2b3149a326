"""A plan that is halted: what waits is given up, what runs whatever happened still does, and all comes to its end."""

from __future__ import annotations

from builder import Pipeline, loop, task
from drive import ORIGIN, plan_of

from kflite.core.event_kind import State
from kflite.core.plan import Ended, Outcome, Plan, Ready, Settled, Step
from kflite.plans import dag

S, F, K, C = State.SUCCEEDED, State.FAILED, State.SKIPPED, State.CANCELLED
STOPPED = Outcome(C, reason="cancelled")


def ready(steps: list[Step]) -> list[str]:
    return [step.task for step in steps if isinstance(step, Ready)]


def settled(steps: list[Step]) -> dict[str, State]:
    return {step.task: step.state for step in steps if isinstance(step, Settled)}


def end(steps: list[Step]) -> State:
    last = steps[-1]
    assert isinstance(last, Ended)
    return last.state


def begun(document: str) -> tuple[Plan, list[str]]:
    plan = dag.plan(document, {}, ORIGIN)
    return plan, ready(plan.begin())


def test_what_waits_for_a_running_task_is_skipped_when_that_ends() -> None:
    plan, first = begun(Pipeline().document(a=task(), b=task(after=["a"]), c=task(after=["b"])))
    assert (first, plan.halt()) == (["a"], [])
    steps = plan.hear("a", STOPPED)
    assert (settled(steps), end(steps)) == ({"b": K, "c": K}, C)


def test_a_task_that_succeeds_in_spite_of_the_halt_sets_nothing_free() -> None:
    plan, _ = begun(Pipeline().document(a=task(), b=task(after=["a"])))
    plan.halt()
    steps = plan.hear("a", Outcome(S))
    assert isinstance(steps[0], Settled)
    assert (steps[0].task, steps[0].state, steps[0].reason) == ("b", K, "the run was stopped")


def test_a_loop_with_a_limit_begins_no_further_iteration() -> None:
    pipeline = Pipeline().group("body", {"t": task()})
    plan, first = begun(pipeline.document(l=loop("body", [1, 2, 3, 4], limit=2)))
    assert first == ["l[0]/t", "l[1]/t"]
    plan.halt()
    assert ready(plan.hear("l[0]/t", Outcome(S))) == []
    steps = plan.hear("l[1]/t", Outcome(S))
    assert (settled(steps), end(steps)) == ({"l": C}, C)


def test_a_loop_of_which_every_iteration_ended_well_has_succeeded_all_the_same() -> None:
    pipeline = Pipeline().group("body", {"t": task()})
    plan, _ = begun(pipeline.document(l=loop("body", [1, 2])))
    plan.halt()
    plan.hear("l[0]/t", Outcome(S))
    assert settled(plan.hear("l[1]/t", Outcome(S))) == {"l": S}


def test_groups_take_the_state_of_what_was_cancelled_in_them() -> None:
    pipeline = Pipeline().group("inner", {"t": task()}).group("outer", {"i": task("inner"), "j": task("leaf", after=["i"])})
    plan, _ = begun(pipeline.document(o=task("outer")))
    plan.halt()
    assert settled(plan.hear("o/i/t", STOPPED)) == {"o/i": C, "o/j": K, "o": C}


def test_a_failure_weighs_more_than_a_cancellation() -> None:
    plan, _ = begun(Pipeline().document(a=task(), b=task()))
    plan.halt()
    plan.hear("a", Outcome(F, reason="Error"))
    assert end(plan.hear("b", STOPPED)) is F


def test_an_exit_task_that_is_a_pipeline_runs_whole_after_a_halt() -> None:
    pipeline = Pipeline().group("report", {"gather": task(), "send": task(after=["gather"])})
    plan, _ = begun(pipeline.document(a=task(), z=task("report", after=["a"], always=True)))
    plan.halt()
    assert ready(plan.hear("a", STOPPED)) == ["z/gather"]
    assert ready(plan.hear("z/gather", Outcome(S))) == ["z/send"]
    steps = plan.hear("z/send", Outcome(S))
    assert (settled(steps), end(steps)) == ({"z": S}, C)


def test_an_exit_task_with_a_loop_runs_all_its_iterations_after_a_halt() -> None:
    pipeline = Pipeline().group("body", {"t": task()}).group("report", {"l": loop("body", [1, 2, 3], limit=1)})
    plan, _ = begun(pipeline.document(a=task(), z=task("report", after=["a"], always=True)))
    plan.halt()
    assert ready(plan.hear("a", STOPPED)) == ["z/l[0]/t"]
    assert ready(plan.hear("z/l[0]/t", Outcome(S))) == ["z/l[1]/t"]
    assert ready(plan.hear("z/l[1]/t", Outcome(S))) == ["z/l[2]/t"]
    assert settled(plan.hear("z/l[2]/t", Outcome(S))) == {"z/l": S, "z": S}


def test_an_exit_task_that_had_begun_goes_on_to_its_end() -> None:
    pipeline = Pipeline().group("body", {"t": task()})
    plan, _ = begun(pipeline.document(a=task(), z=loop("body", [1, 2], limit=1, after=["a"], always=True)))
    assert ready(plan.hear("a", Outcome(S))) == ["z[0]/t"]
    assert plan.halt() == []
    (step,) = plan.hear("z[0]/t", Outcome(S))
    assert isinstance(step, Ready)
    assert (step.task, step.always_run) == ("z[1]/t", True)
    steps = plan.hear("z[1]/t", Outcome(S))
    assert (settled(steps), end(steps)) == ({"z": S}, S)


def test_a_second_halt_says_nothing_new() -> None:
    plan, _ = begun(Pipeline().document(a=task()))
    assert plan.halt() == plan.halt() == []


def test_an_empty_pipeline_ends_as_it_begins() -> None:
    assert end(plan_of(Pipeline().document()).begin()) is S
