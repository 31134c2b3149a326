"""Placeholders in a run's parameters that KFP takes from recurring runs."""

from __future__ import annotations

import pytest
from drive import Driven, gives, plan_of

from kflite import dsl
from kflite.core.plan import Origin
from kflite.plans.dag.time_text import fill_time_macros

ORIGIN = Origin("run-1", "a run", 1767322985.125)  # Friday, 2 January 2026, 03:03:05.125


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("[[RunUUID]]", "run-1"),
        ("out/[[RunUUID]]/[[Index]]", "out/run-1/1"),
        ("[[CurrentTime]]", "20260102030305"),
        ("[[ScheduledTime]]", "20260102030305"),
        ("[[ScheduledTime.2006-01-02]]", "2026-01-02"),
        ("day=[[CurrentTime.2006/1/2]]/[[CurrentTime.15h]]", "day=2026/1/2/03h"),
        ("[[ScheduledTime.2006-01-02T15:04:05.000Z07:00]]", "2026-01-02T03:03:05.125Z"),
        ("[[ScheduledTime.Mon, 02 Jan 2006 3:4:5 PM MST]]", "Fri, 02 Jan 2026 3:3:5 AM UTC"),
        ("[[ScheduledTime.Monday January _2 06 -0700]]", "Friday January  2 26 +0000"),
        ("[[Other]] [[RunUUID] text", "[[Other]] [[RunUUID] text"),
    ],
)
def test_each_is_written_as_its_layout_says(text: str, written: str) -> None:
    assert fill_time_macros(text, ORIGIN) == written


def test_they_are_replaced_inside_lists_and_structs_and_nothing_else_is() -> None:
    assert fill_time_macros({"a": ["[[Index]]", 1, None, [["x"]]]}, ORIGIN) == {"a": ["1", 1, None, [["x"]]]}


def test_a_runs_parameters_have_them() -> None:
    @dsl.component
    def step(text: str) -> None:
        pass

    @dsl.pipeline
    def p(text: str = "default") -> None:
        step(text=text)

    driven = Driven(plan_of(dsl.compile(p).dumps(), text="at [[RunUUID]]"), lambda task, work: gives())
    assert driven.works["step"].parameters == {"text": "at run-1"}
