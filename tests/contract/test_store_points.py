"""Points of metrics: stored in one commit with events, and read in the order of writing."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from contract.stores import ended, made, queued, starting, submitted

from kflite.core.event import Point
from kflite.errors import LeaseLost
from kflite.store import Database

ME, YOU = "here:1:1:me", "there:2:2:you"


def point(run: str, step: int, metric: str = "loss", task: str = "fit", value: float = 0.5) -> Point:
    return Point(run, task, 1, 0, metric, step, 5.0 + step, value)


def test_points_are_read_as_they_were_written_with_the_number_of_the_event_before(opened: Database) -> None:
    given = Point("a", "loop[0]/fit", 2, 3, "val/loss", 7, 5.5, -0.25)
    last = opened.append([submitted("a"), queued("a", "fit")], points=[given])
    (found,) = opened.points("a")
    assert replace(found, position=0) == replace(given, seq=last)
    assert opened.append([], points=[given]) == last
    assert [each.seq for each in opened.points("a")] == [last, last]
    opened.append([starting("a", "fit")], points=[given])
    assert [each.seq for each in opened.points("a")] == [last, last, last + 1]


def test_they_come_in_the_order_of_writing_by_task_and_metric_and_page_by_page(opened: Database) -> None:
    opened.append([submitted("a"), submitted("b")])
    opened.append([], points=[point("a", 3), point("b", 1), point("a", 1, "accuracy"), point("a", 2, task="test")])
    opened.append([], points=[point("a", 1)])
    assert [(each.task, each.metric, each.step) for each in opened.points("a")] == [
        ("fit", "loss", 3),
        ("fit", "accuracy", 1),
        ("test", "loss", 2),
        ("fit", "loss", 1),
    ]
    assert [each.step for each in opened.points("a", "fit", "loss")] == [3, 1]
    assert [each.step for each in opened.points("a", metric="loss")] == [3, 2, 1]
    assert [each.task for each in opened.points("a", "test")] == ["test"]
    found, last = [], 0
    while page := opened.points("a", after=last, limit=3):
        found += page
        last = page[-1].position
    assert found == opened.points("a")
    assert opened.points("c") == []


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.0, 1e-300])
def test_a_value_that_is_no_number_stays_one(opened: Database, value: float) -> None:
    opened.append([submitted("a")], points=[point("a", 1, value=value)])
    (found,) = opened.points("a")
    assert found.value == value or (math.isnan(found.value) and math.isnan(value))


def test_many_points_are_one_commit(opened: Database) -> None:
    opened.append([submitted("a")], points=[point("a", step) for step in range(1234)])
    assert [each.step for each in opened.points("a")] == list(range(1234))


def test_only_the_owner_of_a_run_writes_points_of_it(opened: Database) -> None:
    opened.append([submitted("a")], ME, [point("a", 1)])
    opened.append([submitted("b")], YOU)
    for run in ("b", "missing"):
        with pytest.raises(LeaseLost, match=run):
            opened.append([queued("a", "fit")], ME, [point("a", 2), point(run, 2)])
        with pytest.raises(LeaseLost, match=run):
            opened.append([], ME, [point(run, 2)])
    assert [each.step for each in opened.points("a")] == [1]
    assert opened.tasks("a") == []


def test_a_deleted_run_takes_its_points_along(opened: Database) -> None:
    for run in ("a", "b"):
        opened.append([submitted(run), *made(run, "fit"), ended(run)], points=[point(run, 1)])
    opened.delete_run("a")
    assert opened.points("a") == []
    assert [each.run for each in opened.points("b")] == ["b"]
