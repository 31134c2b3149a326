"""The registry of kinds of runs."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from kflite import dsl, space
from kflite.core.plan import Ask, Origin, Ready
from kflite.core.value import Value
from kflite.errors import InputError, InvalidPipeline
from kflite.plans import kinds
from kflite.plans.tuning import TuningSpec

ROOT = Path(__file__).parents[2]


@dsl.component
def fit(c: float) -> float:
    return c


PIPELINE = dsl.compile(fit)
DOCUMENTS = {
    kinds.PIPELINE: PIPELINE.dumps(),
    kinds.TUNING: TuningSpec(PIPELINE.dumps(), {"c": space.double(0, 1)}, "Output").dumps(),
}
INPUTS: dict[str, dict[str, Value]] = {kinds.PIPELINE: {"c": 0.5}, kinds.TUNING: {}}


def test_every_kind_has_a_document_here() -> None:
    assert set(DOCUMENTS) == set(kinds._MODULES)


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_document_is_checked_planned_and_opened_by_its_kind(kind: str) -> None:
    entry, document = kinds.kind_of(kind), DOCUMENTS[kind]
    assert kinds.inner_pipeline(kind, document).name == PIPELINE.name
    bound = entry.bind(document, PIPELINE, "p.py", INPUTS[kind], [])
    steps = kinds.plan(kind, document, bound if bound is not None else INPUTS[kind], Origin("r", "n", 0.0)).begin()
    assert any(isinstance(step, Ready | Ask) for step in steps)
    assert entry.NOUN
    assert entry.HAS_TRIALS is kinds.has_trials(kind)


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_all_problems_are_told_at_once(kind: str) -> None:
    with pytest.raises(InvalidPipeline) as refused:
        kinds.kind_of(kind).bind(DOCUMENTS[kind], PIPELINE, "p.py", {"d": 1}, [("artifact a", "it is gone")])
    assert {what for what, _ in refused.value.problems} >= {"parameter d", "artifact a"}


def test_a_metric_that_is_no_output_is_refused() -> None:
    document = json.dumps(json.loads(DOCUMENTS[kinds.TUNING]) | {"metric": "loss"})
    with pytest.raises(InputError, match="no output 'loss'"):
        kinds.kind_of(kinds.TUNING).bind(document, PIPELINE, "p.py", {}, [])


def test_a_kind_of_a_later_version_is_refused_with_what_to_do() -> None:
    with pytest.raises(InputError, match="use a newer one"):
        kinds.kind_of("training")
    with pytest.raises(InputError, match=r"run r: .* no plan of kind 'training'"):
        kinds.plan("training", "", {}, Origin("r", "n", 0.0))
    assert not kinds.has_trials("training")


def test_nothing_else_compares_the_names_of_kinds() -> None:
    names = {*DOCUMENTS, "experiment"}
    compared = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in ("kflite", "scheduler", "executors")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Compare)
        and any(isinstance(side, ast.Attribute) and side.attr == "kind" for side in (node.left, *node.comparators))
        and any(isinstance(side, ast.Constant) and side.value in names for side in (node.left, *node.comparators))
    ]
    assert compared == []
