"""Runs side by side."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kflite import dsl
from kflite.client.comparison import Comparison, compare
from kflite.core.event_kind import State
from kflite.core.value import Artifact, Value
from kflite.errors import InputError
from kflite.figures.metrics import metrics
from kflite.figures.read import visualizations
from kflite.format import change, percent
from kflite.html.comparison import comparison
from kflite.store.base import RunRow, TaskRow
from kflite.terminal.figures.matrix import beside
from kflite.terminal.style import plain

RUN = RunRow("r-1", "r", "pipeline", State.SUCCEEDED, "", "r", "", "local", "d", 0.0, 0.0, 3.0, "")
TASK = TaskRow("r-1", "fit", "fit", State.SUCCEEDED, "", "", 1, "process", 0.0, 1.0, 2.0, False, "", "")


def side(run: str, recall: float, **more: list[Value]) -> tuple[RunRow, list[TaskRow]]:
    logged = dsl.ClassificationMetrics()
    logged.log_roc_curve([0.0, 0.5], [recall, 1.0], [0.9, 0.5])
    logged.log_confusion_matrix(["a", "b"], [[8, 2], [0, 10]])
    made = [Artifact("m", "/m", "system.ClassificationMetrics", metadata=logged.metadata).as_json()]
    return replace(RUN, run=run, parameters={"recall": recall}), [replace(TASK, artifacts={"curve": made, **more})]


def scores(**metadata: Value) -> list[Value]:
    return [Artifact("m", "/m", "system.Metrics", metadata=metadata).as_json()]


def values(held: Comparison, section: str) -> dict[str, tuple[Value, ...]]:
    return {entry.name: entry.values for entry in held.entries if entry.section == section}


def test_curves_are_compared_by_their_areas_and_matrices_by_what_is_right() -> None:
    held = Comparison.of([side("r-1", 0.5), side("r-2", 1.0), side("r-3", 0.5)])
    assert values(held, "roc") == {"fit/curve": (0.875, 1.0, 0.875)}
    assert values(held, "confusion") == {"fit/curve": (0.9, 0.9, 0.9)}
    assert values(held, "parameters") == {"recall": (0.5, 1.0, 0.5)}


def test_what_a_run_has_not_is_none() -> None:
    held = Comparison.of([side("r-1", 0.5), side("r-2", 0.5, scores=scores(accuracy=0.5))])
    assert values(held, "metrics") == {"fit/accuracy": (None, 0.5)}
    assert held.json()["metrics"] == {"fit/accuracy": {"values": [None, 0.5], "same": False}}


def test_metrics_of_one_name_are_told_apart_by_their_outputs() -> None:
    task = replace(TASK, outputs={"Output": 2}, artifacts={"a": scores(loss=1, n=3), "b": scores(loss=2, note="x")})
    assert metrics([task], visualizations([task])) == {"fit/Output": 2.0, "fit/a/loss": 1.0, "fit/n": 3.0, "fit/b/loss": 2.0}


def test_a_page_has_the_curves_of_a_name_over_each_other() -> None:
    text = comparison(Comparison.of([side("r-1", 0.5), side("r-2", 1.0)]))
    assert text.count("<svg") == 1
    assert text.count('class="curve"') == 2


def test_a_comparison_takes_two_runs() -> None:
    with pytest.raises(InputError, match="two runs or more, not 1"):
        compare("r-1")


def test_changes_are_told_with_their_parts() -> None:
    assert change(0.5, 0.75) == "+0.25 (+50.0 %)"
    assert change(0.0, 2.0) == "+2"
    assert change(-2.0, -3.0) == "-1 (-50.0 %)"
    assert change(1.0, 1.0) == change(float("nan"), 1.0) == ""


def test_a_share_is_all_or_nothing_only_where_it_is() -> None:
    assert [percent(share) for share in (1, 0.9999, 0.5, 0.0001, 0, None)] == ["100 %", "99.9 %", "50.0 %", "<0.1 %", "0 %", "-"]


def test_blocks_stand_side_by_side_where_there_is_room() -> None:
    blocks = [[(("ab", ""),), (("c", ""),)], [(("d", ""),)]]
    assert [plain(line).rstrip() for line in beside(blocks, 7)] == ["ab    d", "c"]
    assert [plain(line) for line in beside(blocks, 6)] == ["ab", "c", "", "d"]
