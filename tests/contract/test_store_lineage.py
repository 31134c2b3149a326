"""Lineage on every store: what comes from what, across runs, imports, and results that the cache gave again."""

from __future__ import annotations

from itertools import pairwise

import pytest
from contract.stores import queued, submitted, succeeded

from kflite.core.event import Event
from kflite.core.value import Value
from kflite.errors import NotFound
from kflite.runs.lineage import Lineage, trace
from kflite.store import Database

RAW = "/data/100%_raw.csv"


def artifact(uri: str, digest: str = "b3:1", **more: Value) -> dict[str, Value]:
    return {"name": uri.rpartition("/")[2], "uri": uri, "type": "system.Dataset", "digest": digest, "size": 1} | more


def of(run: str, task: str) -> dict[str, Value]:
    """The one artifact of a task, called `out`."""
    return artifact(f"/artifacts/{run}/{task}/1/out")


def task(
    run: str, name: str, *reads: dict[str, Value], at: float = 2.0, makes: Value = None, reason: str = "", source: str = ""
) -> list[Event]:
    """A task that reads artifacts and makes one; or holds the one that the same task of `source` made."""
    made = {"out": [makes or of(source or run, name)]}
    said: dict[str, Value] = {"artifacts": made} | {k: v for k, v in (("reason", reason), ("source", source)) if v}
    inputs: dict[str, Value] = {"artifacts": {f"in{i}": [one] for i, one in enumerate(reads)}} if reads else {}
    return [queued(run, name, at, **inputs), succeeded(run, name, 0 if source or reason else 1, at + 0.5, **said)]


def imported(run: str, uri: str, at: float = 1.5) -> list[Event]:
    return task(run, "importer", at=at, makes={**artifact(uri, ""), "outside": "any"}, reason="imported")


@pytest.fixture
def two_runs(opened: Database) -> Database:
    """The run `a`: raw -> clean -> fit, and a report on both. The run `b` is the same, clean from the cache and another fit."""
    raw = artifact(RAW, outside="any")
    opened.append(
        [
            *(
                submitted("a", 1.0),
                *imported("a", RAW),
                *task("a", "clean", raw, at=2),
                *task("a", "fit", of("a", "clean"), at=3),
            ),
            *task("a", "report", of("a", "clean"), of("a", "fit"), at=4),
            *(submitted("b", 11.0), *imported("b", RAW, 11), *task("b", "clean", raw, at=12, source="a")),
            *task("b", "fit", of("a", "clean"), at=13),
        ]
    )
    return opened


def tasks(lineage: Lineage) -> set[str]:
    return set(lineage.tasks)


def test_what_an_artifact_was_made_from_leads_back_to_what_lies_outside(two_runs: Database) -> None:
    found = trace(two_runs, "a/report/out", down=False)
    assert tasks(found) == {"a/report", "a/fit", "a/clean"}
    assert found.reads["a/report"] == ["a/clean/out", "a/fit/out"]
    assert found.pieces[RAW].given == ("a/importer/out", "b/importer/out")


def test_what_was_made_from_an_artifact_leads_on_through_imports_and_the_cache(two_runs: Database) -> None:
    found = trace(two_runs, RAW, up=False)
    assert tasks(found) == {"a/clean", "a/fit", "a/report", "b/clean", "b/fit"}
    assert found.makes == {
        "a/clean": ["a/clean/out"],
        "b/clean": ["a/clean/out"],
        "a/fit": ["a/fit/out"],
        "b/fit": ["b/fit/out"],
        "a/report": ["a/report/out"],
    }


def test_both_ways_meet_at_the_start(two_runs: Database) -> None:
    found = trace(two_runs, "a/fit/out")
    assert (set(found.before), set(found.after)) == (
        {"a/fit", "a/clean", "a/clean/out", RAW},
        {"a/report", "a/report/out"},
    )
    assert found.reads["a/report"] == ["a/clean/out", "a/fit/out"]


def test_a_task_and_what_it_holds_by_the_cache_are_starts_too(two_runs: Database) -> None:
    assert tasks(trace(two_runs, "b/clean", down=False)) == {"b/clean"}
    assert tasks(trace(two_runs, "b/clean", up=False)) == {"b/clean", "a/fit", "a/report", "b/fit"}
    assert trace(two_runs, "b/clean/out").start == "a/clean/out"


def test_a_run_that_was_given_an_artifact_is_followed(two_runs: Database) -> None:
    given: Value = {"model": [of("b", "fit")]}
    two_runs.append([submitted("c", 21.0, artifacts=given), *task("c", "deploy", of("b", "fit"), at=22)])
    assert tasks(trace(two_runs, "b/fit/out", up=False)) == {"c/deploy"}
    assert tasks(trace(two_runs, "c/deploy", down=False)) == {"c/deploy", "b/fit", "a/clean"}
    assert [row.id for row in two_runs.artifacts("c")] == ["c/deploy/out", "c/model"]


def test_of_several_contents_at_one_place_the_one_that_was_read_counts(opened: Database) -> None:
    first, second = (artifact("/latest", digest) for digest in ("b3:1", "b3:2"))
    opened.append(
        [
            *(submitted("a", 1.0), *task("a", "write", at=2, makes=first), *task("a", "read", first, at=3)),
            *(submitted("b", 11.0), *task("b", "write", at=12, makes=second), *task("b", "read", second, at=13)),
        ]
    )
    assert tasks(trace(opened, "a/write/out", up=False)) == {"a/read"}
    assert tasks(trace(opened, "b/read", down=False)) == {"b/read", "b/write"}


def test_a_long_chain_is_followed_to_its_end_or_to_the_limit(opened: Database) -> None:
    names = [f"t{index:02}" for index in range(30)]
    events = [submitted("a", 1.0), *task("a", names[0])]
    for at, (before, name) in enumerate(pairwise(names)):
        events += task("a", name, of("a", before), at=3.0 + at)
    opened.append(events)
    assert tasks(trace(opened, "a/t00/out", up=False)) == {f"a/{name}" for name in names[1:]}
    assert tasks(trace(opened, "a/t29/out", down=False)) == {f"a/{name}" for name in names}
    for ways in ((True, False), (False, True)):
        short = trace(opened, "a/t15/out", *ways, most=5)
        assert (len(short.tasks), short.whole) == (5, False)


def test_more_uris_than_are_searched_for_one_by_one_are_all_found(opened: Database) -> None:
    names = [f"t{index:02}" for index in range(30)]
    fan = [event for name in names for event in task("a", name, of("a", "first"), at=3.0)]
    ends = [event for name in names for event in task("a", f"end-{name}", of("a", name), at=5.0)]
    opened.append([submitted("a", 1.0), *task("a", "first"), *fan, *ends])
    assert len(trace(opened, "a/first/out", up=False).tasks) == 60


def test_a_run_lists_what_it_holds_by_the_cache(two_runs: Database) -> None:
    held = {row.id: (row.artifact.uri, row.source) for row in two_runs.artifacts("b")}
    assert held == {
        "b/importer/out": (RAW, ""),
        "b/clean/out": ("/artifacts/a/clean/1/out", "a"),
        "b/fit/out": ("/artifacts/b/fit/1/out", ""),
    }
    assert two_runs.artifact("b/clean/out").artifact.uri == "/artifacts/a/clean/1/out"
    assert [row.id for row in two_runs.artifacts("b", limit=1)] == ["b/fit/out"]


@pytest.mark.parametrize("start", ["nothing", "a/nothing", "nothing/fit", "/nothing", "s3://nothing"])
def test_what_nobody_knows_is_told(two_runs: Database, start: str) -> None:
    with pytest.raises(NotFound, match="nothing"):
        trace(two_runs, start)
