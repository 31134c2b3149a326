"""What every store keeps to: results that are used again, and artifacts that outlive their run."""

from __future__ import annotations

from contract.stores import document, made, queued, submitted, succeeded

from kflite.core.event import Event
from kflite.store import Database


def hit(run: str, task: str, source: str, uri: str) -> list[Event]:
    data = {"reason": "cached", "source": source, "key": "k", "artifacts": {"model": [document("model", uri)]}}
    return [queued(run, task), succeeded(run, task, 0, **data)]  # type: ignore[arg-type]


def test_a_success_with_a_key_is_found_by_it(opened: Database) -> None:
    outputs = {"parameters": {"x": 1}, "artifacts": {"model": [document("model", "/m")]}}
    opened.append([submitted("a"), *made("a", "fit", key="k", key_parts={"spec": "s1"}, **outputs)])  # type: ignore[arg-type]
    row = opened.cached(["k", "other"], 0.0)["k"]
    assert (row.run, row.task, row.title, row.pipeline, row.created, row.expires) == ("a", "fit", "fit", "digits", 5.0, None)
    assert (row.key_parts, row.outputs) == ({"spec": "s1"}, outputs)


def test_the_newest_result_with_a_key_counts(opened: Database) -> None:
    for run in "ab":
        opened.append([submitted(run), *made(run, "fit", key="k")])
    assert opened.cached(["k"], 0.0)["k"].run == "b"


def test_a_result_without_a_key_or_from_the_cache_itself_is_no_new_entry(opened: Database) -> None:
    opened.append([submitted("a"), *made("a", "fit", key="k"), *made("a", "other")])
    opened.append([submitted("b"), *hit("b", "fit", "a", "/m")])
    assert [(row.run, row.task) for row in opened.cache()] == [("a", "fit")]


def test_an_expired_result_is_not_found(opened: Database) -> None:
    opened.append([submitted("a"), *made("a", "fit", key="k", expires=100.0)])
    assert list(opened.cached(["k"], 99.0)) == ["k"]
    assert opened.cached(["k"], 100.0) == {}


def test_a_thousand_keys_are_looked_up_at_once(opened: Database) -> None:
    opened.append([submitted("a")])
    opened.append([event for n in range(0, 1200, 2) for event in made("a", f"t{n}", key=f"k{n}")])
    found = opened.cached([f"k{n}" for n in range(1200)] * 2, 0.0)
    assert sorted(found) == sorted(f"k{n}" for n in range(0, 1200, 2))


def test_no_keys_find_nothing(opened: Database) -> None:
    assert opened.cached([], 0.0) == {}
    assert opened.delete_cached([]) == 0


def test_forgotten_results_are_counted_and_gone(opened: Database) -> None:
    opened.append([submitted("a"), *(event for n in range(600) for event in made("a", f"t{n}", key=f"k{n}"))])
    assert opened.delete_cached([f"k{n}" for n in range(550)] + ["k1", "nothing"]) == 550
    assert len(opened.cache(limit=1000)) == 50


def test_results_are_listed_newest_first_by_pipeline_and_title(opened: Database) -> None:
    for n, run in enumerate("abc"):
        pipeline = "letters" if run == "c" else "digits"
        events = [queued(run, "fit"), succeeded(run, "fit", at=float(n), key=f"k{n}")]
        opened.append([submitted(run, pipeline=pipeline), *events])
    assert [row.run for row in opened.cache()] == ["c", "b", "a"]
    assert [row.run for row in opened.cache(limit=1, pipeline="digits")] == ["b"]
    assert [row.run for row in opened.cache(pipeline="digits", title="fit")] == ["b", "a"]
    assert opened.cache(title="other") == []


def test_a_hit_makes_a_task_that_names_its_source_and_no_attempt_or_entry(opened: Database) -> None:
    opened.append([submitted("a"), *made("a", "fit", key="k", artifacts={"model": [document("model", "/m")]})])
    opened.append([submitted("b"), *hit("b", "fit", "a", "/m")])
    (task,) = opened.tasks("b")
    assert (task.state, task.reason, task.source, task.attempts) == ("SUCCEEDED", "cached", "a", 0)
    assert task.artifacts == {"model": [document("model", "/m")]}
    assert (opened.attempts("b"), [row.run for row in opened.artifacts()]) == ([], ["a"])


def test_artifacts_that_another_run_got_from_the_cache_are_shared(opened: Database) -> None:
    artifacts = {"model": [document("model", "/a/m")], "log": [document("log", "/a/log")]}
    opened.append([submitted("a"), *made("a", "fit", key="k", artifacts=artifacts)])  # type: ignore[arg-type]
    opened.append([submitted("b"), *hit("b", "fit", "a", "/a/m")])
    assert opened.shared("a") == {"/a/m"}
    assert opened.shared("b") == set()


def test_artifacts_that_another_run_imported_are_shared(opened: Database) -> None:
    for run in "ab":
        opened.append([submitted(run), *made(run, "get", artifacts={"data": [document("data", "/a/data")]})])
    assert opened.shared("a") == {"/a/data"}


def test_artifacts_of_a_deleted_run_are_inherited_by_the_last_that_holds_them(opened: Database) -> None:
    opened.append([submitted("a"), *made("a", "fit", key="k", artifacts={"model": [document("model", "/a/m")]})])
    for run in "bc":
        opened.append([submitted(run), *hit(run, "fit", "a", "/a/m")])
    assert opened.inherited("b") == set()
    opened.delete_run("a")
    assert opened.inherited("b") == set()
    opened.delete_run("c")
    assert opened.inherited("b") == {"/a/m"}
