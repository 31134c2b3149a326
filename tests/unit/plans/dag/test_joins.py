"""What comes together: the one branch that ran, what all iterations of a loop gave, and tasks that wait for whole groups."""

from __future__ import annotations

import pytest
from builder import Document, Pipeline, constant, loop, of, outer, parameters, task
from drive import FAILS, Driven, gives, plan_of

from kflite.core.event_kind import State
from kflite.core.plan import Outcome, Work
from kflite.core.value import Artifact, Outputs, Value

S, F, K = State.SUCCEEDED, State.FAILED, State.SKIPPED
DATA = {"artifacts": {"data": {"artifactType": {"schemaTitle": "system.Dataset"}}}}
LIST = {"artifacts": {"data": {"artifactType": {"schemaTitle": "system.Dataset"}, "isArtifactList": True}}}


def artifact_of(*tasks: str) -> Document:
    """The DAG's output `data`: of the first of these tasks that gave it."""
    return {"data": {"artifactSelectors": [{"producerSubtask": name, "outputArtifactKey": "data"} for name in tasks]}}


def parameter_of(*tasks: str) -> Document:
    """The DAG's output `x`: of the first of these tasks that gave it."""
    return {"x": {"valueFromOneof": {"parameterSelectors": [{"producerSubtask": t, "outputParameterKey": "x"} for t in tasks]}}}


def taking(name: str, **fields: Document) -> Document:
    """A task that takes the artifact `data` of another task."""
    source = {"taskOutputArtifact": {"producerTask": name, "outputArtifactKey": "data"}}
    return task("take", **fields) | {"inputs": {"artifacts": {"data": source}}}


def makes(task: str, work: Work) -> Outcome:
    """Every task gives the artifact `data` at its own path, and 1 as `x`."""
    return Outcome(S, Outputs({"x": 1}, {"data": (Artifact("data", f"/a/{task}", "system.Dataset"),)}))


def uris(work: Work) -> list[str]:
    return [artifact.uri for artifact in work.artifacts["data"]]


def pipeline() -> Pipeline:
    return Pipeline().leaf("make", outputs=DATA).leaf("take", inputs=DATA).leaf("merge", inputs=LIST)


def branch(n: int) -> Document:
    return task("make", inputs={"n": outer("n")}, condition=f"int(inputs.parameter_values['n']) == {n}")


# The one branch that ran.


def choosing(n: int) -> Driven:
    found = pipeline().group(
        "either", {"one": branch(1), "two": branch(2)}, parameters(n=int), DATA, artifacts=artifact_of("one", "two")
    )
    return Driven(plan_of(found.document(e=task("either", inputs={"n": constant(n)}), t=taking("e"))), makes)


@pytest.mark.parametrize(("n", "made"), [(1, "e/one"), (2, "e/two")])
def test_an_artifact_is_that_of_the_branch_that_ran(n: int, made: str) -> None:
    driven = choosing(n)
    assert uris(driven.works["t"]) == [f"/a/{made}"]
    assert driven.end
    assert driven.end.state is S


def test_what_needs_a_branch_is_skipped_where_none_ran() -> None:
    driven = choosing(3)
    assert (driven.states["e"], driven.states["t"]) == (S, K)
    assert driven.end
    assert driven.end.state is S


def test_a_branch_that_failed_fails_the_join_and_what_waits_for_it_is_skipped() -> None:
    found = pipeline().group(
        "either", {"one": task(), "two": task()}, outputs=parameters(x=int), parameters=parameter_of("one", "two")
    )
    document = found.leaf("user", parameters(x=int)).document(e=task("either"), t=task("user", inputs={"x": of("e")}))
    driven = Driven(plan_of(document), lambda task, work: FAILS if task == "e/one" else gives(x=2))
    assert (driven.states["e"], driven.states["t"], driven.reasons["t"]) == (F, K, "e failed")


# What all iterations gave.


def test_iterations_whose_producer_was_skipped_are_left_out_and_the_order_stays() -> None:
    odd = {"inputs": {"n": outer("item")}, "condition": "int(inputs.parameter_values['n']) % 2 == 1"}
    found = pipeline().leaf("echo", parameters(n=int), parameters(x=int)).leaf("user", parameters(x=list))
    found.group("body", {"t": task("echo", **odd)}, parameters(item=int), parameters(x=int), parameters=parameter_of("t"))
    document = found.document(l=loop("body", [1, 2, 3, 4, 5]), u=task("user", inputs={"x": of("l")}))
    driven = Driven(plan_of(document), lambda task, work: gives(x=work.parameters.get("n", 0)))
    assert driven.works["u"].parameters == {"x": [1, 3, 5]}


def test_parameters_of_loops_in_loops_nest_and_their_artifacts_are_one_list() -> None:
    found = pipeline().leaf("user", parameters(x=list))
    outs = {**parameters(x=int), **DATA}
    found.leaf("both", outputs=outs)
    found.group(
        "inner", {"t": task("both")}, parameters(item=int), outs, parameters=parameter_of("t"), artifacts=artifact_of("t")
    )
    found.group(
        "outer",
        {"l": loop("inner", [1, 2])},
        parameters(item=int),
        outs,
        parameters=parameter_of("l"),
        artifacts=artifact_of("l"),
    )
    merge = taking("l") | {"componentRef": {"name": "comp-merge"}}
    document = found.document(l=loop("outer", [1, 2, 3]), m=merge, u=task("user", inputs={"x": of("l")}))
    driven = Driven(plan_of(document), makes)
    assert driven.works["u"].parameters == {"x": [[1, 1]] * 3}
    assert uris(driven.works["m"]) == [f"/a/l[{i}]/l[{j}]/t" for i in range(3) for j in range(2)]


def test_a_loop_goes_over_artifacts_one_by_one() -> None:
    found = pipeline().group(
        "each", {"t": {"componentRef": {"name": "comp-take"}}}, {"artifacts": {"item": DATA["artifacts"]["data"]}}
    )
    found.components["comp-each"]["dag"]["tasks"]["t"]["inputs"] = {"artifacts": {"data": {"componentInputArtifact": "item"}}}
    found.components["comp-each"]["inputDefinitions"]["artifacts"]["all"] = LIST["artifacts"]["data"]
    found.group("body", {"m": task("make")}, parameters(item=int), DATA, artifacts=artifact_of("m"))
    over: Document = task("each", artifactIterator={"items": {"inputArtifact": "all"}, "itemInput": "item"})
    over |= {"inputs": {"artifacts": {"all": {"taskOutputArtifact": {"producerTask": "l", "outputArtifactKey": "data"}}}}}
    driven = Driven(plan_of(found.document(l=loop("body", [1, 2]), o=over)), makes)
    assert [uris(driven.works[f"o[{i}]/t"]) for i in range(2)] == [["/a/l[0]/m"], ["/a/l[1]/m"]]
    assert driven.states["o"] is S


@pytest.mark.parametrize("given", [[7, 8], "[7, 8]"])
def test_a_loop_goes_over_what_a_task_gave_also_as_text(given: Value) -> None:
    found = pipeline().leaf("list", outputs=parameters(x=list)).leaf("user", parameters(n=int))
    found.group("body", {"t": task("user", inputs={"n": outer("item")})}, parameters(item=int, xs=str))
    over: Document = task(
        "body", inputs={"xs": of("a")}, parameterIterator={"items": {"inputParameter": "xs"}, "itemInput": "item"}
    )
    driven = Driven(plan_of(found.document(a=task("list"), l=over)), lambda task, work: gives(x=given))
    assert [work.parameters for task, work in driven.works.items() if task != "a"] == [{"n": 7}, {"n": 8}]


@pytest.mark.parametrize("given", ["no list", {"a": 1}, 3])
def test_a_loop_over_what_is_no_list_fails_by_name_and_nothing_in_it_begins(given: Value) -> None:
    found = pipeline().leaf("list", outputs=parameters(x=list)).group("body", {"t": task()}, parameters(item=int, xs=str))
    over: Document = task(
        "body", inputs={"xs": of("a")}, parameterIterator={"items": {"inputParameter": "xs"}, "itemInput": "item"}
    )
    driven = Driven(plan_of(found.document(a=task("list"), l=over)), lambda task, work: gives(x=given))
    assert (list(driven.works), driven.states["l"], driven.reasons["l"]) == (["a"], F, "BadInput")
    assert driven.messages["l"].startswith("the items of 'l' must be a")


def test_limits_of_loops_in_loops_each_hold() -> None:
    found = pipeline().group("inner", {"t": task()}, parameters(item=int))
    found.group("outer", {"l": loop("inner", [1, 2, 3], limit=1)}, parameters(item=int))
    driven = Driven(plan_of(found.document(l=loop("outer", [1, 2, 3, 4], limit=2))), lambda task, work: gives(x=1))
    assert (driven.most_at_once, len(driven.works)) == (2, 12)


def test_an_iteration_that_fails_keeps_no_other_from_running_and_the_loop_says_which() -> None:
    found = pipeline().group("body", {"t": task()}, parameters(item=int))
    document = found.document(l=loop("body", [1, 2, 3], limit=1), z=task(after=["l"]))
    driven = Driven(plan_of(document), lambda task, work: FAILS if task == "l[1]/t" else gives(x=1))
    assert list(driven.works) == ["l[0]/t", "l[1]/t", "l[2]/t"]
    assert (driven.states["l"], driven.reasons["l"], driven.messages["l"]) == (F, "1 of 3 iterations failed", "[1] t: it broke")
    assert driven.states["z"] is K


# Tasks that wait for whole groups.


def test_two_exit_tasks_run_once_each_and_something_may_follow_them() -> None:
    found = pipeline().group("body", {"a": task(), "b": task(after=["a"])})
    exits = {name: task(after=["g"], always=True) for name in ("one", "two")}
    driven = Driven(
        plan_of(found.document(g=task("body"), **exits, last=task(after=["one", "two"]))),
        lambda t, w: FAILS if t == "g/a" else gives(x=1),
    )
    assert driven.states == {"g/a": F, "g/b": K, "g": F, "one": S, "two": S, "last": S}
    assert driven.end
    assert driven.end.state is F


def test_an_exit_task_hears_what_failed_in_the_group() -> None:
    found = pipeline().group("body", {"a": task()}).leaf("exit", parameters(status={"parameterType": "TASK_FINAL_STATUS"}))
    status = {"status": {"taskFinalStatus": {"producerTask": "g"}}}
    document = found.document(g=task("body"), z=task("exit", after=["g"], inputs=status, always=True))
    driven = Driven(plan_of(document), lambda t, w: FAILS if t == "g/a" else gives(x=1))
    assert driven.works["z"].parameters["status"] == {
        "state": "FAILED",
        "pipelineJobResourceName": "runs/run-1",
        "pipelineTaskName": "g",
        "error": {"code": 1, "message": "a: it broke"},
    }


def test_a_task_of_a_group_that_was_skipped_is_never_heard_of() -> None:
    found = pipeline().group("body", {"a": task()})
    driven = Driven(plan_of(found.document(p=task(), g=task("body", after=["p"]))), lambda t, w: FAILS)
    assert driven.states == {"p": F, "g": K}
