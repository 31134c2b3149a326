"""Placeholders in commands and constants."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kflite.core.plan import Origin
from kflite.core.value import Value
from kflite.plans.dag.placeholders import argv, fill, local_path, parameter_lookup, run_names, task_lookup, text

INPUT: dict[str, Value] = {
    "inputs": {
        "parameterValues": {"n": 3},
        "artifacts": {"data": {"artifacts": [{"name": "data", "uri": "s3://b/x", "metadata": {"rows": 7}}]}},
    },
    "outputs": {
        "parameters": {"y": {"outputFile": "/o/y"}},
        "artifacts": {"model": {"artifacts": [{"name": "model", "uri": "/a/m"}]}},
        "outputFile": "/o/out.json",
    },
}
NAMES = run_names(Origin("run-1", "a run", 0.0, "/root")) | {".outputs.output_file": "/o/out.json"}
LOOKUP = task_lookup(INPUT, json.dumps(INPUT), {"n": 3, "f": 2.0, "b": True, "l": [1, "a"], "s": "it's"}, NAMES)


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("{{$.inputs.parameters['n']}}", "3"),
        ("{{$.inputs.parameters['f']}}", "2"),
        ("{{$.inputs.parameters['b']}}", "true"),
        ("{{$.inputs.parameters['l']}}", '[1,"a"]'),
        ("--x={{$.inputs.parameters['s']}}", "--x=it's"),
        ("{{$.inputs.artifacts['data'].uri}}", "s3://b/x"),
        ("{{$.inputs.artifacts['data'].path}}", "/s3/b/x"),
        ("{{$.inputs.artifacts['data'].metadata['rows']}}", "7"),
        ("{{$.outputs.artifacts['model'].path}}", "/a/m"),
        ("{{$.outputs.parameters['y'].output_file}}", "/o/y"),
        ("{{$.outputs.output_file}}", "/o/out.json"),
        ("{{$.pipeline_job_name}}/{{$.pipeline_job_uuid}}", "a run/run-1"),
        ("{{$.pipeline_job_create_time_utc}}", "1970-01-01T00:00:00Z"),
        ("{{$.nobody.knows}}", "{{$.nobody.knows}}"),
    ],
)
def test_a_placeholder_becomes_what_it_stands_for(word: str, found: str) -> None:
    assert argv((word,), LOOKUP, lambda name: True) == (found,)


def test_the_whole_executor_input_is_json() -> None:
    assert json.loads(argv(("{{$}}",), LOOKUP, lambda name: True)[0]) == INPUT


def test_a_concat_joins_and_an_absent_part_drops_out() -> None:
    words = ('{"Concat": ["--n=", "{{$.inputs.parameters[\'n\']}}", {"IfPresent": {"InputName": "gone", "Then": "!"}}]}',)
    assert argv(words, LOOKUP, lambda name: name != "gone") == ("--n=3",)


def test_an_if_present_gives_several_words_or_none() -> None:
    word = '{"IfPresent": {"InputName": "n", "Then": ["--n", "{{$.inputs.parameters[\'n\']}}"], "Else": "none"}}'
    assert argv((word,), LOOKUP, lambda name: True) == ("--n", "3")
    assert argv((word,), LOOKUP, lambda name: False) == ("none",)
    without = '{"IfPresent": {"InputName": "n", "Then": "x"}}'
    assert argv(("a", without, "b"), LOOKUP, lambda name: False) == ("a", "b")


def test_a_placeholder_alone_keeps_its_type_inside_of_lists_and_structs() -> None:
    lookup = parameter_lookup({"n": 3, "l": [1]})
    value: Value = {"a": ["{{$.inputs.parameters['n']}}", "n={{$.inputs.parameters['n']}}"], "b": "{{$.inputs.parameters['l']}}"}
    assert fill(value, lookup) == {"a": [3, "n=3"], "b": [1]}


@given(st.text())
def test_text_without_a_placeholder_stays_as_it_is(word: str) -> None:
    if "{{$" not in word and '"Concat"' not in word and '"IfPresent"' not in word:
        assert argv((word,), LOOKUP, lambda name: True) == (word,)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("gs://b/x", "/gcs/b/x"),
        ("minio://b/x", "/minio/b/x"),
        ("oci://r/i:1", "/oci/r_i:1/models"),
        ("file:///x", "/x"),
        ("/x", "/x"),
    ],
)
def test_a_uri_has_one_local_path(uri: str, path: str) -> None:
    assert local_path(uri) == path


def test_nothing_is_an_empty_text() -> None:
    assert text(None) == ""
