"""Reading figures from what was logged, sound or not."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kflite import dsl
from kflite.core.event_kind import State
from kflite.core.value import Artifact, Value
from kflite.figures.data import Confusion, Figure, Page, Roc, Slice, Table, Visualization
from kflite.figures.read import read, read_task
from kflite.html.card import card
from kflite.html.document import Content
from kflite.store.base import TaskRow
from kflite.terminal.figures.lines import full, summary
from kflite.terminal.style import plain, signs

KINDS = ["Metrics", "ClassificationMetrics", "SlicedClassificationMetrics", "HTML", "Markdown"]
NAMES = ["confidenceMetrics", "confusionMatrix", "evaluationSlices", "annotationSpecs", "rows", "row", "displayName", "slice"]
NAMES += ["sliceClassificationMetrics", "recall", "falsePositiveRate", "confidenceThreshold", "x"]
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text("a<\x1b", max_size=3)
DOCUMENTS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3), max_leaves=12
)


def of(kind: str, metadata: dict[str, Value]) -> Visualization:
    return read(Artifact("m", "/m", f"system.{kind}", metadata=metadata), "fit", "m")


def only(exhibit: Visualization) -> Figure:
    (figure,) = exhibit.figures
    return figure


def point(fpr: Value, tpr: Value, threshold: Value = 0.5) -> Value:
    return {"confidenceThreshold": threshold, "recall": tpr, "falsePositiveRate": fpr}


def test_metrics_are_a_table() -> None:
    assert only(of("Metrics", {"accuracy": 0.5, "note": "x"})) == Table({"accuracy": 0.5, "note": "x"})


def test_a_curve_has_the_area_under_it() -> None:
    logged = dsl.ClassificationMetrics()
    logged.log_roc_curve([0.0, 0.0, 0.5, 1.0], [0.0, 0.5, 1.0, 1.0], [math.inf, 0.9, 0.5, 0.1])
    curve = only(of("ClassificationMetrics", logged.metadata))
    assert isinstance(curve, Roc)
    assert curve.auc == pytest.approx(0.875)


def test_a_curve_needs_neither_order_nor_corners() -> None:
    curve = only(of("ClassificationMetrics", {"confidenceMetrics": [point(0.5, 1.0), point(0.0, 0.5)]}))
    assert isinstance(curve, Roc)
    assert curve.auc == pytest.approx(0.875)


def test_points_that_are_none_are_left_out_and_told() -> None:
    exhibit = of("ClassificationMetrics", {"confidenceMetrics": [point(0.1, 0.5), point("x", 0.5), point(0.5, 7), 3]})
    assert isinstance(only(exhibit), Roc)
    assert exhibit.warnings == (
        'confidenceMetrics[1].falsePositiveRate is "x", and must be a number from 0 to 1; 3 of 4 points are left out',
    )


def test_a_matrix_has_shares_recall_and_precision() -> None:
    logged = dsl.ClassificationMetrics()
    logged.log_confusion_matrix(["cat", "dog"], [[8, 2], [5, 5]])
    matrix = only(of("ClassificationMetrics", logged.metadata))
    assert isinstance(matrix, Confusion)
    assert (matrix.right, matrix.share(0, 1), matrix.recall(1), matrix.precision(0)) == (0.65, 0.2, 0.5, pytest.approx(8 / 13))
    assert matrix.mistakes(1) == [(1, 0)]


def test_a_matrix_of_another_shape_is_not_drawn_and_told() -> None:
    held: Value = {"annotationSpecs": [{"displayName": "cat"}], "rows": [{"row": [1, 2]}]}
    exhibit = of("ClassificationMetrics", {"confusionMatrix": held})
    assert not exhibit.figures
    assert exhibit.warnings == ("confusionMatrix has 1 categories and 1 sound rows of 2 values: it is not drawn",)


def test_slices_hold_what_was_measured_on_each() -> None:
    logged = dsl.SlicedClassificationMetrics()
    logged.log_roc_reading("young", 0.5, 0.8, 0.1)
    logged.load_confusion_matrix("old", ["a", "b"], [[1, 0], [0, 1]])
    young, old = of("SlicedClassificationMetrics", logged.metadata).figures
    assert isinstance(young, Slice)
    assert isinstance(young.figures[0], Roc)
    assert isinstance(old, Slice)
    assert isinstance(old.figures[0], Confusion)


def test_documents_are_what_their_files_hold() -> None:
    assert only(of("Markdown", {})) == Page("Markdown")


def test_a_type_of_another_name_space_is_known_by_its_last_word() -> None:
    assert only(read(Artifact("m", "/m", "google.Metrics", metadata={"a": 1}))) == Table({"a": 1})


def test_a_model_shows_nothing() -> None:
    assert of("Model", {"framework": "x"}).figures == ()


def test_nothing_logged_is_told() -> None:
    assert of("ClassificationMetrics", {}).warnings == ("nothing was logged",)


def test_artifacts_of_a_list_are_counted() -> None:
    made: list[Value] = [Artifact("m", "/m", "system.Metrics").as_json()] * 2
    task = TaskRow("r", "fit", "fit", State.SUCCEEDED, "", "", 1, "", 0.0, 0.0, 0.0, False, "", "", artifacts={"m": made})
    assert [exhibit.name for exhibit in read_task(task)] == ["fit/m[0]", "fit/m[1]"]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(NAMES), DOCUMENTS, max_size=4), st.integers(20, 120))
def test_whatever_was_logged_is_shown_or_told(kind: str, metadata: dict[str, Value], width: int) -> None:
    exhibit = of(kind, metadata)
    assert exhibit.figures or exhibit.warnings
    for encoding in ("ascii", "utf-8"):
        assert "\x1b" not in summary(exhibit) + "".join(plain(line) for line in full(exhibit, width, signs(encoding)))
    assert "<script" not in card(exhibit, Content("text"), network=False)
