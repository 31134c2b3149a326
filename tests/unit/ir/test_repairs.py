"""What kfp's compilers write wrongly is put right; every other document stays as it is."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from unit.ir.documents import SOUND
from unit.ir.old_documents import NEW

from kflite.ir.check import check
from kflite.ir.read import pipeline
from kflite.ir.repairs import repair

TEXT = "{{$.inputs.parameters['pipelinechannel--%s']}}"
OUTER, INNER = "loop-item-param-1", "loop-item-param-3"


def given(**sources: Any) -> dict[str, Any]:
    return {"parameters": {f"pipelinechannel--{name.replace('_', '-')}": source for name, source in sources.items()}}


def asks(name: str) -> dict[str, Any]:
    return {"componentInputParameter": name}


def declares(**types: str) -> dict[str, Any]:
    return {"parameters": {f"pipelinechannel--{k.replace('_', '-')}": {"parameterType": v} for k, v in types.items()}}


def loop(component: str, item: str, items: str, **inputs: Any) -> dict[str, Any]:
    iterator = {"itemInput": f"pipelinechannel--{item}", "items": {"raw": items}}
    return {"componentRef": {"name": component}, "parameterIterator": iterator, "inputs": given(**inputs)}


def show(text: object, **inputs: Any) -> dict[str, Any]:
    sources = given(**inputs)["parameters"] | {"x": {"runtimeValue": {"constant": text}}}
    return {"show": {"componentRef": {"name": "comp-show"}, "inputs": {"parameters": sources}}}


def document(root: dict[str, Any], type: str = "STRING", **components: Any) -> dict[str, Any]:
    """A pipeline with the parameter `q`."""
    return {
        "pipelineInfo": {"name": "p"},
        "schemaVersion": "2.1.0",
        "root": {"inputDefinitions": {"parameters": {"q": {"parameterType": "STRING"}}}, "dag": {"tasks": root}},
        "components": {
            "comp-show": {"executorLabel": "exec-show", "inputDefinitions": {"parameters": {"x": {"parameterType": type}}}},
            "comp-make": {
                "executorLabel": "exec-show",
                "outputDefinitions": {"parameters": {"Output": {"parameterType": "STRING"}}},
            },
            **{f"comp-{name}": body for name, body in components.items()},
        },
        "deploymentSpec": {"executors": {"exec-show": {"container": {"image": "alpine"}}}},
    }


def nested(raw: str, text: str, outside: dict[str, Any], inside: dict[str, Any], **asked: Any) -> dict[str, Any]:
    """A loop in a loop, as kfp writes them where a text in the inner one holds items of both."""
    made = {"make": {"componentRef": {"name": "comp-make"}}}
    return document(
        {**made, "outer": loop("comp-outer", OUTER, raw, **outside)},
        outer={
            "inputDefinitions": declares(**{OUTER: "STRUCT", **dict.fromkeys(outside, "STRING")}),
            "dag": {"tasks": {"inner": loop("comp-inner", INNER, '["x", "y"]', **inside)}},
        },
        inner={"inputDefinitions": declares(**{INNER: "STRING"}), "dag": {"tasks": show(text, **asked)}},
    )


def mended(spoiled: dict[str, Any]) -> dict[str, Any]:
    found = pipeline([spoiled], "p")
    assert check(found, {"q": "z"}) == []
    whole: dict[str, Any] = found.documents[0]  # type: ignore[assignment]
    return whole


ASKED = {"loop_item_param_1": asks(f"pipelinechannel--{OUTER}"), "loop_item_param_3": asks(f"pipelinechannel--{INNER}")}


def test_the_item_of_a_loop_reaches_a_text_in_the_loop_inside() -> None:
    spoiled = nested("[1, 2]", TEXT % OUTER + TEXT % INNER, {"loop_item_param_3": asks(INNER)}, {}, **ASKED)
    found = mended(spoiled)
    assert found["root"]["dag"]["tasks"]["outer"].get("inputs", {}) == {}
    inner = found["components"]["comp-outer"]["dag"]["tasks"]["inner"]
    assert inner["inputs"] == given(loop_item_param_1=asks(f"pipelinechannel--{OUTER}"))


def test_a_part_of_an_item_is_taken_from_the_item() -> None:
    asked = {"loop_item_param_1_subvar_a": asks(f"pipelinechannel--{OUTER}-subvar-a")}
    outside = {"loop_item_param_1_subvar_a": asks(f"{OUTER}-subvar-a")}
    found = mended(nested('[{"a": "b"}]', TEXT % f"{OUTER}-subvar-a", outside, {}, **asked))
    inner = found["components"]["comp-outer"]["dag"]["tasks"]["inner"]["inputs"]["parameters"]
    selector = {"parameterExpressionSelector": 'parseJson(string_value)["a"]'}
    assert inner == {f"pipelinechannel--{OUTER}-subvar-a": asks(f"pipelinechannel--{OUTER}") | selector}


def test_what_a_task_around_both_loops_gave_reaches_them() -> None:
    astray = {"taskOutputParameter": {"producerTask": "make", "outputParameterKey": "Output-loop-item"}}
    asked = {"make_Output": asks("pipelinechannel--make-Output"), "q": asks("pipelinechannel--q")}
    found = mended(nested("[1]", TEXT % "make-Output" + TEXT % "q", {"make_Output_loop_item": astray}, {}, **asked))
    produced = {"taskOutputParameter": {"producerTask": "make", "outputParameterKey": "Output"}}
    assert found["root"]["dag"]["tasks"]["outer"]["inputs"] == given(make_Output=produced, q=asks("q"))


@pytest.mark.parametrize("inputs", [{"q": asks("q")}, {}])
def test_texts_in_lists_and_mappings_are_filled(inputs: dict[str, Any]) -> None:
    unfilled = "{{channel:task=;name=q;type=String;}}"
    found = mended(document(show([{unfilled: f"<{unfilled}>"}], **inputs), type="LIST"))
    sources = found["root"]["dag"]["tasks"]["show"]["inputs"]["parameters"]
    assert sources["x"]["runtimeValue"]["constant"] == [{TEXT % "q": f"<{TEXT % 'q'}>"}]
    assert sources["pipelinechannel--q"] == asks("q")


def test_a_name_that_is_nowhere_is_left_for_the_check_to_tell() -> None:
    spoiled = document(show("x", nowhere=asks("pipelinechannel--nowhere")))
    ((path, text),) = check(pipeline([spoiled], "p"))
    assert path == "root.dag.tasks.show.inputs.parameters.pipelinechannel--nowhere.componentInputParameter"
    assert "'pipelinechannel--nowhere'" in text


def test_pipelines_that_hold_each_other_come_to_an_end() -> None:
    ring = {"again": {"componentRef": {"name": "comp-ring"}, "inputs": given(lost=asks("pipelinechannel--lost"))}}
    repair(document({"ring": {"componentRef": {"name": "comp-ring"}}}, ring={"dag": {"tasks": ring}}))


@pytest.mark.parametrize("sound", [SOUND, NEW])
def test_a_sound_document_stays_as_it_is(sound: dict[str, Any]) -> None:
    changed = copy.deepcopy(sound)
    repair(changed)
    assert changed == sound
