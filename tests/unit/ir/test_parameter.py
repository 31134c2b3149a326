"""Parameters of a run: text becomes the declared type, defaults are filled in, and numbers keep their kind."""

from __future__ import annotations

import pytest
from unit.ir.documents import Document, sound

from kflite.core.value import Value
from kflite.errors import InvalidPipeline
from kflite.ir.parameter import bind, coerce, parse
from kflite.ir.pipeline import Pipeline

TYPES = {"text": "STRING", "whole": "NUMBER_INTEGER", "number": "NUMBER_DOUBLE", "flag": "BOOLEAN"}
TYPES |= {"items": "LIST", "table": "STRUCT"}


def every_type(**defaults: Value) -> Pipeline:
    inputs = {n: {"parameterType": t, "isOptional": True} for n, t in TYPES.items()}
    for name, value in defaults.items():
        inputs[name]["defaultValue"] = value  # type: ignore[assignment]
    return sound({"root/inputDefinitions/parameters": inputs, "root/dag/tasks": {"last": {}}, "root/outputDefinitions": {}})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("text", "5", "5"),
        ("text", "", ""),
        ("text", "true", "true"),
        ("whole", "5", 5),
        ("whole", "5.0", 5),
        ("whole", "1e3", 1000),
        ("whole", str(10**30), 10**30),
        ("number", "5", 5.0),
        ("number", "1e-3", 0.001),
        ("flag", "true", True),
        ("flag", "False", False),
        ("flag", "1", True),
        ("items", '[1, 2.0, "a"]', [1, 2.0, "a"]),
        ("table", '{"a": null}', {"a": None}),
    ],
)
def test_text_becomes_the_declared_type(name: str, text: str, value: Value) -> None:
    found = coerce(every_type(), {name: text})
    assert found == {name: value}
    assert type(found[name]) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("whole", "five", "'five' is not a whole number (declared as NUMBER_INTEGER)"),
        ("whole", "5.5", "'5.5' is not a whole number (declared as NUMBER_INTEGER)"),
        ("whole", "inf", "'inf' is not a whole number (declared as NUMBER_INTEGER)"),
        ("number", "nan", "'nan' is not a number (declared as NUMBER_DOUBLE)"),
        ("flag", "maybe", "'maybe' is not true or false (declared as BOOLEAN)"),
        ("items", "1,2", "'1,2' is not a list (declared as LIST): write JSON such as [1, 2]"),
        ("items", '{"a": 1}', """'{"a": 1}' is not a list (declared as LIST): write JSON such as [1, 2]"""),
        ("items", "[NaN]", "'[NaN]' is not a list (declared as LIST): write JSON such as [1, 2]"),
        ("table", "[" * 100_000, None),
    ],
)
def test_text_of_another_type_is_refused_with_what_is_expected(name: str, text: str, problem: str | None) -> None:
    with pytest.raises(InvalidPipeline) as error:
        coerce(every_type(), {name: text})
    assert [path for path, _ in error.value.problems] == [f"parameter {name}"]
    assert problem is None or error.value.problems[0][1] == problem


def test_all_wrong_texts_are_told_in_one_go() -> None:
    with pytest.raises(InvalidPipeline) as error:
        parse(every_type(), {"whole": "x", "flag": "y"})
    assert len(error.value.problems) == 2


def test_an_unknown_parameter_is_refused_with_the_near_one() -> None:
    with pytest.raises(InvalidPipeline, match="has no such parameter: did you mean 'whole'"):
        coerce(every_type(), {"whol": "1"})


def test_defaults_are_filled_in_with_whole_numbers_whole() -> None:
    pipeline = every_type(whole=3, number=3, items=[1, 2.5, {"a": 4}], table={"n": 1}, flag=False)
    found = bind(pipeline, {})
    assert found == {"whole": 3, "number": 3.0, "items": [1, 2.5, {"a": 4}], "table": {"n": 1}, "flag": False}
    assert type(found["whole"]) is int
    assert type(found["number"]) is float
    assert repr(found["items"]) == "[1, 2.5, {'a': 4}]"


def test_what_was_given_keeps_its_numbers() -> None:
    assert repr(bind(every_type(), {"whole": 3.0, "items": [1, 2.0]})) == "{'whole': 3, 'items': [1, 2.0]}"


def test_an_optional_parameter_takes_null_and_a_required_one_must_be_given() -> None:
    assert bind(every_type(), {"whole": None}) == {"whole": None}
    with pytest.raises(InvalidPipeline, match="it is required and not given: give a number, as --param rate="):
        bind(sound(), {})


DATASET: Document = {"artifactType": {"schemaTitle": "system.Dataset"}}
TWO: Value = [{"uri": "/a"}, {"uri": "/b"}]


@pytest.mark.parametrize(
    ("spec", "given", "message"),
    [
        (DATASET, {}, "artifact data: it is required and not given: give a path, a URI"),
        (DATASET, {"data": "/a"}, "artifact data: the pipeline takes an artifact here, and '/a' is none"),
        (DATASET, {"data": [{"name": "a"}]}, "artifact data: the pipeline takes an artifact here"),
        (DATASET, {"data": TWO}, "artifact data: it is one artifact, and 2 are given"),
    ],
)
def test_what_is_wrong_with_an_input_artifact_is_told(spec: Document, given: dict[str, Value], message: str) -> None:
    with pytest.raises(InvalidPipeline, match=message):
        bind(sound({"root/inputDefinitions/artifacts": {"data": spec}}), {"rate": 1, **given})


@pytest.mark.parametrize(
    ("spec", "given"),
    [({**DATASET, "isOptional": True}, {}), ({**DATASET, "isArtifactList": True}, {"data": TWO}), (DATASET, {"data": TWO[:1]})],
)
def test_artifacts_that_fit_are_no_parameters(spec: Document, given: dict[str, Value]) -> None:
    assert "data" not in bind(sound({"root/inputDefinitions/artifacts": {"data": spec}}), {"rate": 1, **given})
