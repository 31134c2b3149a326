"""What every store keeps to: events, and the rows that follow from them."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from contract.stores import (
    document,
    ended,
    failed,
    made,
    metrics_of,
    numbered,
    queued,
    running,
    starting,
    submitted,
    succeeded,
)

from kflite.core.event import Event
from kflite.core.event_kind import Kind, State
from kflite.core.run_event import RunCancelRequested, RunRetried, RunStarted, RunStopping
from kflite.core.task_event import TaskCancelled, TaskRetrying, TaskRunning, TaskSkipped
from kflite.core.value import Value
from kflite.errors import NotFound, StoreError
from kflite.store import Database
from kflite.store.base import Query


def test_events_are_read_as_they_were_appended_and_numbered_in_order(opened: Database) -> None:
    events = [submitted("a", parameters={"x": [1, {"y": None}], "text": "ä\n\x00\ud800"}), *made("a", "fit")]
    assert opened.append(events) == len(events)
    assert opened.events() == [replace(event, seq=n) for n, event in enumerate(events, 1)]
    assert opened.last_seq() == len(events)


def test_a_long_batch_is_numbered_without_gaps(opened: Database) -> None:
    opened.append([submitted("a")])
    assert opened.append([queued("a", f"t{n}") for n in range(200)]) == 201
    assert numbered(opened) == list(range(1, 202))
    assert [task.task for task in opened.tasks("a")] == [f"t{n}" for n in range(200)]


def test_no_events_are_appended_as_nothing(opened: Database) -> None:
    opened.append([submitted("a")])
    assert opened.append([]) == 1


def test_events_are_read_of_one_run_after_a_number_and_up_to_a_limit(opened: Database) -> None:
    opened.append([submitted("a"), submitted("b"), queued("a", "x"), queued("b", "x"), queued("a", "y")])
    assert numbered(opened, "a") == [1, 3, 5]
    assert numbered(opened, "a", 1) == [3, 5]
    assert [event.seq for event in opened.events(after=2, limit=2)] == [3, 4]


def test_a_number_is_never_given_twice_also_when_the_newest_run_is_deleted(opened: Database) -> None:
    opened.append([submitted("a")])
    opened.append([submitted("b"), ended("b")])
    opened.delete_run("b")
    assert opened.append([queued("a", "x")]) == 4
    assert numbered(opened, after=3) == [4]


def test_a_batch_that_cannot_be_stored_leaves_nothing_of_itself(opened: Database) -> None:
    opened.append([submitted("a")])
    with pytest.raises(StoreError):
        opened.append([queued("a", "x"), submitted("a")])
    assert (opened.last_seq(), opened.tasks("a")) == (1, [])
    opened.append([queued("a", "x")])
    assert len(opened.tasks("a")) == 1


def test_threads_append_and_read_side_by_side(opened: Database) -> None:
    opened.append([submitted("a")])

    def work(name: str) -> None:
        for n in range(20):
            opened.append([queued("a", f"{name}{n}")])
            opened.tasks("a")

    threads = [threading.Thread(target=work, args=(name,)) for name in "xyz"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbered(opened) == sorted(set(numbered(opened)))
    assert len(opened.tasks("a")) == 60


def test_a_run_has_what_its_submission_says_until_it_starts_and_ends(opened: Database) -> None:
    opened.append([submitted("a", 1.5, parameters={"x": 1}, options={"parallel": 2}, experiment="e", plan="d1")])
    row, options = opened.run("a"), {"cache": True, "fail_fast": False, "parallel": 2, "timeout_s": None, "labels": {}}
    assert (row.name, row.kind, row.pipeline, row.on, row.experiment, row.plan) == ("digits", "dag", "digits", "local", "e", "d1")
    assert (row.state, row.created, row.started, row.ended, row.owner) == (State.QUEUED, 1.5, None, None, "")
    assert (row.parameters, row.options, row.outputs) == ({"x": 1}, options, {})
    opened.append([Event("a", RunStarted(), 2.0)])
    opened.append([ended("a", 9.0, "FAILED", reason="TaskFailed", outputs={"parameters": {"y": 1}})])
    row = opened.run("a")
    assert (row.state, row.reason, row.started, row.ended) == (State.FAILED, "TaskFailed", 2.0, 9.0)
    assert row.outputs == {"parameters": {"y": 1}}


def test_a_run_that_stops_stays_stopping_when_another_scheduler_goes_on_with_it(opened: Database) -> None:
    stopping = Event("a", RunStopping("Cancelled"), 3.0)
    opened.append([submitted("a"), Event("a", RunStarted(), 2.0), stopping, Event("a", RunStarted(), 4.0)])
    row = opened.run("a")
    assert (row.state, row.reason, row.started) == (State.STOPPING, "Cancelled", 2.0)


def test_a_task_goes_through_its_states(opened: Database) -> None:
    opened.append([submitted("a")])
    seen = []
    for event in made("a", "fit", parameters={"loss": 0.5}):
        opened.append([event])
        (task,) = opened.tasks("a")
        seen.append((task.state, task.attempts, task.executor, task.started, task.ended))
    assert seen == [
        (State.QUEUED, 0, "", None, None),
        (State.STARTING, 1, "process", None, None),
        (State.RUNNING, 1, "process", 4.0, None),
        (State.SUCCEEDED, 1, "process", 4.0, 5.0),
    ]
    (attempt,) = opened.attempts("a", "fit")
    assert (attempt.state, attempt.ref, attempt.code, attempt.started, attempt.ended) == (State.SUCCEEDED, "pid-1", 0, 3.0, 5.0)
    assert opened.tasks("a")[0].outputs == {"loss": 0.5}


def test_a_failed_attempt_is_kept_beside_the_one_that_follows(opened: Database) -> None:
    retrying = Event("a", TaskRetrying(3, "Error", "boom", 1.0), 5.0, "fit", 1)
    opened.append([submitted("a"), queued("a", "fit"), starting("a", "fit"), running("a", "fit"), retrying])
    (task,) = opened.tasks("a")
    assert (task.state, task.reason, task.message, task.attempts, task.started) == (State.QUEUED, "Error", "boom", 1, None)
    opened.append([starting("a", "fit", 2, 6.0), running("a", "fit", 2, 7.0), succeeded("a", "fit", 2, 8.0)])
    first, second = opened.attempts("a")
    assert (first.state, first.code, first.reason, first.message, first.ended) == (State.FAILED, 3, "Error", "boom", 5.0)
    assert (second.state, second.code, second.ended) == (State.SUCCEEDED, 0, 8.0)
    assert opened.tasks("a")[0].message == ""


def test_a_task_cancelled_while_it_waits_leaves_its_last_attempt_as_it_ended(opened: Database) -> None:
    retrying = Event("a", TaskRetrying(3, "Error", "", 1.0), 5.0, "fit", 1)
    cancelled = Event("a", TaskCancelled("Cancelled"), 6.0, "fit", 1)
    opened.append([submitted("a"), queued("a", "fit"), starting("a", "fit"), running("a", "fit"), retrying, cancelled])
    assert opened.tasks("a")[0].state == State.CANCELLED
    (attempt,) = opened.attempts("a")
    assert (attempt.state, attempt.reason, attempt.ended) == (State.FAILED, "Error", 5.0)


def test_a_retried_run_begins_anew_with_what_did_not_succeed(opened: Database) -> None:
    opened.append([submitted("a"), *made("a", "load", parameters={"rows": 5}), queued("a", "fit"), starting("a", "fit")])
    opened.append([failed("a", "fit"), Event("a", TaskSkipped("Upstream"), 6.0, "test")])
    opened.append([ended("a", state="FAILED", reason="TaskFailed"), Event("a", RunRetried(), 10.0)])
    row = opened.run("a")
    assert (row.state, row.reason, row.ended) == (State.QUEUED, "", None)
    opened.append([queued("a", "fit", 11.0, parameters={"x": 2}), starting("a", "fit", 2, 12.0), queued("a", "test", 13.0)])
    load, fit, test = opened.tasks("a")
    assert (load.state, load.outputs) == (State.SUCCEEDED, {"rows": 5})
    assert (fit.state, fit.attempts, fit.reason, fit.message, fit.ended) == (State.STARTING, 2, "", "", None)
    assert (fit.parameters, fit.queued) == ({"x": 2}, 11.0)
    assert (test.state, test.reason, test.ended) == (State.QUEUED, "", None)
    assert [attempt.attempt for attempt in opened.attempts("a", "fit")] == [1, 2]


def test_a_group_is_marked_and_has_no_attempts(opened: Database) -> None:
    opened.append([submitted("a"), queued("a", "loop", group=True), Event("a", TaskRunning(), 3.0, "loop")])
    (group,) = opened.tasks("a")
    assert (group.group, group.state, group.attempts, opened.attempts("a")) == (True, State.RUNNING, 0, [])


def test_artifacts_are_named_by_run_task_and_output(opened: Database) -> None:
    data = {"artifacts": {"model": [document("model", "/m")], "parts": [document("p", "/p0"), document("p", "/p1", rows=3)]}}
    opened.append([submitted("tidy-otter-1"), *made("tidy-otter-1", "loop[0]/fit", **data)])  # type: ignore[arg-type]
    assert {row.id: row.artifact.uri for row in opened.artifacts("tidy-otter-1")} == {
        "tidy-otter-1/loop[0]/fit/model": "/m",
        "tidy-otter-1/loop[0]/fit/parts[0]": "/p0",
        "tidy-otter-1/loop[0]/fit/parts[1]": "/p1",
    }
    assert opened.artifact("tidy/loop[0]/fit/parts[1]").artifact.metadata == {"rows": 3}
    assert opened.artifacts("tidy-otter-1", limit=1) == opened.artifacts(limit=1)


@pytest.mark.parametrize("id", ["", "a", "a/fit/other", "nobody/fit/model"])
def test_an_artifact_that_is_not_there_is_said_so(opened: Database, id: str) -> None:
    opened.append([submitted("a"), *made("a", "fit", artifacts={"model": [document("model", "/m")]})])
    with pytest.raises(NotFound, match="there is no"):
        opened.artifact(id)


def test_metrics_are_the_numbers_among_outputs_and_in_metrics_artifacts(opened: Database) -> None:
    metrics = document("m", "/m", "system.Metrics", accuracy=0.9, epochs=3, note="good", best=True, diverged=float("nan"))
    other = document("d", "/d", rows=7)
    data = {"parameters": {"loss": 0.5, "name": "x", "huge": 10**400}, "artifacts": {"m": [metrics], "d": [other]}}
    opened.append([submitted("a"), *made("a", "fit", **data)])  # type: ignore[arg-type]
    assert metrics_of(opened, "a") == [("fit", "accuracy", 0.9), ("fit", "epochs", 3.0), ("fit", "loss", 0.5)]


def test_words_that_no_database_takes_are_stored_nevertheless(opened: Database) -> None:
    opened.append([submitted("a"), queued("a", "fit"), starting("a", "fit")])
    opened.append([failed("a", "fit", message="bad \udcff and \x00 end")])
    assert opened.tasks("a")[0].message == "bad ? and \ufffd end"
    assert opened.events("a", 3)[0].data.message == "bad \udcff and \x00 end"


def test_runs_are_listed_newest_first_by_state_experiment_and_age(opened: Database) -> None:
    opened.append([submitted(name, at, experiment=e) for name, at, e in (("a", 1.0, "x"), ("b", 3.0, ""), ("c", 2.0, "x"))])
    opened.append([ended("c")])
    assert [row.run for row in opened.runs()] == ["b", "c", "a"]
    assert [row.run for row in opened.runs(limit=2)] == ["b", "c"]
    assert [row.run for row in opened.runs(experiment="x")] == ["c", "a"]
    assert [row.run for row in opened.runs(state="QUEUED")] == ["b", "a"]
    assert [row.run for row in opened.runs(before=3.0, limit=1)] == ["c"]


def test_a_run_is_found_by_the_beginning_of_its_id(opened: Database) -> None:
    opened.append([submitted(run) for run in ("digits-tidy-otter", "digits-tidy-owl", "digits-tidy", "Digits_2", "zoo")])
    assert opened.run("digits-tidy-ot").run == "digits-tidy-otter"
    assert opened.run("digits-tidy").run == "digits-tidy"
    assert opened.run("Dig").run == "Digits_2"
    with pytest.raises(NotFound, match="several runs: digits-tidy, digits-tidy-otter, digits-tidy-owl"):
        opened.run("digits")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("digits-tidi-otter", "did you mean digits-tidy-otter"),
        ("nothing", "`kflite ls` lists them"),
        ("", "kflite ls"),
        ("%", "ls"),
        ("digits-tidy\udcff\x00otter", "did you mean"),
    ],
)
def test_a_run_that_is_not_there_is_said_with_those_that_are_near(opened: Database, asked: str, said: str) -> None:
    opened.append([submitted("digits-tidy-otter")])
    with pytest.raises(NotFound, match=said):
        opened.run(asked)


def test_a_plan_is_kept_once_under_its_digest(opened: Database) -> None:
    opened.put_plan("d1", "dag", "first")
    opened.put_plan("d1", "dag", "second")
    assert opened.plan("d1") == ("dag", "first")
    with pytest.raises(NotFound, match="no plan d2"):
        opened.plan("d2")


def test_a_deleted_run_leaves_nothing_but_what_others_share(opened: Database) -> None:
    opened.put_plan("d1", "dag", "one")
    opened.put_plan("d2", "dag", "two")
    for run, plan in (("a", "d1"), ("b", "d1"), ("c", "d2")):
        opened.append([submitted(run, plan=plan), *made(run, "fit", key=run, parameters={"x": 1}), ended(run)])
    opened.delete_run("a")
    opened.delete_run("c")
    assert [row.run for row in opened.runs()] == ["b"]
    assert {event.run for event in opened.events()} == {"b"}
    assert (opened.tasks("a"), opened.attempts("a"), metrics_of(opened, "a")) == ([], [], [])
    assert list(opened.cached(["a", "b", "c"], 0.0)) == ["b"]
    assert opened.plan("d1") == ("dag", "one")
    with pytest.raises(NotFound):
        opened.plan("d2")


def test_requests_of_other_processes_are_read_by_themselves(opened: Database) -> None:
    cancel = Event("a", RunCancelRequested("enough"), 2.0)
    opened.append([submitted("a"), cancel, queued("a", "x"), replace(cancel, run="b")])
    assert [(event.run, event.seq) for event in opened.of_kinds([Kind.RUN_CANCEL], 0)] == [("a", 2), ("b", 4)]
    assert opened.of_kinds([Kind.RUN_CANCEL], 4) == []


def test_what_a_task_made_is_void_once_it_is_done_again(opened: Database) -> None:
    made_of: dict[str, Value] = {
        "parameters": {"x": 1.0, "y": 2.0},
        "artifacts": {"m": [document("m", "/m")], "n": [document("n", "/n")]},
    }
    opened.append([submitted("a", plan="d1"), *made("a", "fit", **made_of), *made("a", "other", **made_of), ended("a")])
    opened.append([Event("a", RunRetried("d2"), 10.0), queued("a", "fit", rerun=True)])
    assert opened.run("a").plan == "d2"
    assert {task for task, _, _ in metrics_of(opened, "a")} == {row.task for row in opened.artifacts("a")} == {"other"}
    opened.append([starting("a", "fit", 2), succeeded("a", "fit", 2, parameters={"x": 3.0})])
    assert [(name, value) for task, name, value in metrics_of(opened, "a") if task == "fit"] == [("x", 3.0)]


def test_a_retry_of_a_run_that_goes_on_brings_no_other_plan(opened: Database) -> None:
    opened.append([submitted("a", plan="d1"), Event("a", RunRetried("d2"), 2.0)])
    assert opened.run("a").plan == "d1"


def test_runs_are_found_by_their_profile(opened: Database) -> None:
    opened.append([submitted("a"), submitted("b", 2.0, profile="ana"), submitted("c", 3.0, profile="ben")])
    assert [row.run for row in opened.search(Query(profile="ana"))] == ["b"]
    assert [row.run for row in opened.search(Query(profile="ana", where="name~digits"))] == ["b"]
    assert [(row.run, row.profile) for row in opened.search(Query())] == [("c", "ben"), ("b", "ana"), ("a", "")]
