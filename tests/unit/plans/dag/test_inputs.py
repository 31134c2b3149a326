"""Inputs of tasks: across the borders of groups, defaults, parts of values; and importers."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from builder import Document, Pipeline, constant, loop, of, optional, outer, parameters, task
from drive import Driven, gives, plan_of

from kflite.core.event_kind import State
from kflite.core.value import Value


def works(document: str, **given: Value) -> dict[str, Mapping[str, Value]]:
    driven = Driven(plan_of(document, **given), lambda task, work: gives(x=1))
    return {name: found.parameters for name, found in driven.works.items()}


def test_a_default_of_the_pipeline_reaches_a_task_in_a_group() -> None:
    pipeline = Pipeline().leaf("c", parameters(n=int)).group("g", {"t": task("c", inputs={"n": outer("n")})}, parameters(n=int))
    document = pipeline.document(inputs=parameters(n=optional(int, defaultValue=3.0)), g=task("g", inputs={"n": outer("n")}))
    found = works(document)["g/t"]["n"]
    assert (found, type(found)) == (3, int)
    assert works(document, n=4)["g/t"] == {"n": 4}


def test_a_default_of_a_group_is_for_the_tasks_in_it() -> None:
    pipeline = Pipeline().leaf("c", parameters(n=int))
    pipeline.group("g", {"t": task("c", inputs={"n": outer("n")})}, parameters(n=optional(int, defaultValue=5.0)))
    assert works(pipeline.document(g=task("g")))["g/t"] == {"n": 5}


def test_an_optional_input_without_a_value_is_absent_and_not_null() -> None:
    pipeline = Pipeline().leaf("c", parameters(n=optional(int)))
    pipeline.group("g", {"t": task("c", inputs={"n": outer("n")})}, parameters(n=optional(int)))
    assert works(pipeline.document(g=task("g")))["g/t"] == {}


def test_the_part_of_an_item_is_selected() -> None:
    pipeline = Pipeline().leaf("c", parameters(n=int, s=str))
    part = {k: outer("item", parameterExpressionSelector=f'parseJson(string_value)["{k}"]') for k in ("n", "s")}
    pipeline.group("body", {"t": task("c", inputs=part)}, parameters(item=dict))
    found = works(pipeline.document(l=loop("body", [{"n": 1, "s": "a"}, {"n": 2, "s": "b"}])))
    assert list(found.values()) == [{"n": 1, "s": "a"}, {"n": 2, "s": "b"}]


def test_a_part_that_is_not_there_fails_the_task_by_name() -> None:
    pipeline = Pipeline().leaf("c", parameters(n=int))
    inputs = {"n": outer("item", parameterExpressionSelector='parseJson(string_value)["m"]')}
    document = pipeline.group("body", {"t": task("c", inputs=inputs)}, parameters(item=dict)).document(l=loop("body", [{"n": 1}]))
    driven = Driven(plan_of(document), lambda task, work: gives())
    assert (driven.states["l[0]/t"], driven.messages["l[0]/t"]) == (
        State.FAILED,
        "input 'n': there is no key 'm' in {\"n\":1}",
    )


def test_an_input_of_a_task_makes_it_wait_though_nothing_else_says_so() -> None:
    document = Pipeline().leaf("c", parameters(n=int)).document(b=task("c", inputs={"n": of("a")}), a=task())
    assert list(works(document)) == ["a", "b"]


@pytest.mark.parametrize(("uri", "given"), [({"constant": "s3://b/x"}, {}), ({"runtimeParameter": "uri"}, {"uri": "s3://b/x"})])
def test_an_importer_gives_what_is_there_without_running(uri: Document, given: dict[str, str]) -> None:
    pipeline = Pipeline().importer("i", uri, parameters(uri=str) if given else None, metadata={"by": "hand"})
    document = pipeline.document(i=task("i", inputs={k: constant(v) for k, v in given.items()}))
    driven = Driven(plan_of(document), lambda task, work: gives())
    (artifact,) = driven.outputs["i"].artifacts["data"]
    assert (artifact.uri, artifact.type, artifact.metadata) == ("s3://b/x", "system.Dataset", {"by": "hand"})
    assert not driven.works


def test_a_default_is_the_uri_of_an_importer_where_none_is_given() -> None:
    declared = parameters(uri=optional(str, defaultValue="s3://b/y"))
    document = Pipeline().importer("i", {"runtimeParameter": "uri"}, declared).document(i=task("i"))
    driven = Driven(plan_of(document), lambda task, work: gives())
    assert driven.outputs["i"].artifacts["data"][0].uri == "s3://b/y"
