"""Writing: what is written reads back equal, by kflite, by PyYAML and by kfp."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.ir.documents import sound

from kflite.core.value import Value
from kflite.ir.pipeline import Pipeline
from kflite.ir.read import documents, pipeline
from kflite.ir.write import dumps_yaml, manifest

TRICKY = ["yes", "No", "1e3", "0x1F", "0o17", "1_000", "2026-11-24", "12:30", "~", "null", ".5", "-.inf"]
TRICKY += ["=", "<<", "- a", "a: b", "#", " x "]
text = st.one_of(st.sampled_from(TRICKY), st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
lines = st.lists(st.text(st.sampled_from("ab :#-'\"\\\t|>{"), max_size=12), min_size=2, max_size=5).map("\n".join)
numbers = st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False))
leaves = st.one_of(st.none(), st.booleans(), numbers, text, lines)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4), max_leaves=12)


def again(written: str) -> Pipeline:
    return pipeline(documents(written.encode(), "written.yaml"), "written.yaml")


def holding(value: Value, word: str, platforms: Value) -> Pipeline:
    spec = sound(
        {
            "pipelineInfo/description": word,
            "root/dag/tasks/load/inputs/parameters/url": {"runtimeValue": {"constant": value}},
            "deploymentSpec/executors/exec-load/container/args": [word, "a\nb\n", f"{word}\n{word}"],
        }
    ).spec
    return Pipeline(spec, {"kflite": {"config": platforms}})


@settings(deadline=None)
@given(values, text, values)
def test_what_is_written_reads_back_equal(value: Value, word: str, platforms: Value) -> None:
    built = holding(value, word, platforms)
    written = dumps_yaml(built)
    assert again(written) == built
    assert list(yaml.safe_load_all(written)) == built.documents
    assert again(manifest(built)) == built
    assert Pipeline.loads(built.dumps()) == built


@pytest.mark.parametrize("word", TRICKY)
def test_text_that_some_reader_takes_for_something_else_is_quoted(word: str) -> None:
    assert f"constant: {word}\n" not in dumps_yaml(holding(word, "", None))


def test_source_code_is_written_as_lines() -> None:
    assert "- |\n          def f():\n              return 1\n" in dumps_yaml(
        sound({"deploymentSpec/executors/exec-load/container/args": ["def f():\n    return 1\n"]})
    )


def test_a_pipeline_without_platforms_is_one_document() -> None:
    assert len(list(yaml.safe_load_all(dumps_yaml(sound())))) == 1


def test_manifests_name_the_pipeline_the_version_and_the_namespace() -> None:
    head, version = yaml.safe_load_all(manifest(sound({"pipelineInfo/displayName": "Sound"}), "sound-v2", "team"))
    assert head["kind"] == "Pipeline"
    assert head["metadata"] == {"name": "sound", "namespace": "team"}
    assert head["spec"] == {"displayName": "Sound"}
    assert version["kind"] == "PipelineVersion"
    assert version["metadata"] == {"name": "sound-v2", "namespace": "team"}
    assert version["spec"]["pipelineName"] == "sound"


def test_kfp_loads_what_is_written() -> None:
    components = pytest.importorskip("kfp.components", exc_type=ImportError)
    loaded = components.load_component_from_text(dumps_yaml(sound()))
    assert loaded.pipeline_spec == sound().spec
