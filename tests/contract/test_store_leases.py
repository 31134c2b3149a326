"""What every store keeps to: a run has one owner, and only the owner writes of it."""

from __future__ import annotations

import os

import pytest
from contract.stores import ended, queued, submitted

from kflite.core.event import Event
from kflite.core.event_kind import State
from kflite.core.run_event import (
    RunAnswered,
    RunCancelRequested,
    RunEnded,
    RunResumed,
    RunRetried,
    RunStarted,
    RunStopping,
    RunSuspended,
    RunSuspendRequested,
)
from kflite.errors import LeaseLost
from kflite.store import Database, owner_id
from kflite.store.owner import started

ME, YOU = "here:1:1:me", "there:2:2:you"


def gone() -> str:
    """The owner that a process was which is gone."""
    reader, writer = os.pipe()
    if not (pid := os.fork()):
        os.write(writer, owner_id().encode())
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        return pipe.read()


def test_a_run_is_leased_to_the_owner_that_submits_it(opened: Database) -> None:
    opened.append([submitted("a", 100.0)], ME)
    assert opened.run("a").owner == ME
    assert not opened.acquire_lease("a", YOU, 101.0, 10.0)
    assert opened.orphans(101.0) == []


def test_a_run_submitted_by_nobody_is_free(opened: Database) -> None:
    opened.append([submitted("a", 100.0)])
    assert opened.orphans(100.0) == ["a"]
    assert opened.acquire_lease("a", ME, 100.0, 10.0)
    assert opened.run("a").owner == ME


def test_an_owner_may_claim_its_run_again(opened: Database) -> None:
    opened.append([submitted("a", 100.0)], ME)
    assert opened.acquire_lease("a", ME, 101.0, 10.0)


def test_a_lease_that_is_not_renewed_is_free_after_its_time(opened: Database) -> None:
    opened.append([submitted("a", 100.0)])
    opened.acquire_lease("a", ME, 100.0, 10.0)
    assert (opened.orphans(109.0), opened.acquire_lease("a", YOU, 109.0, 10.0)) == ([], False)
    opened.renew_leases(ME, 109.0, 10.0)
    assert (opened.orphans(118.0), opened.acquire_lease("a", YOU, 118.0, 10.0)) == ([], False)
    assert (opened.orphans(120.0), opened.acquire_lease("a", YOU, 120.0, 10.0)) == (["a"], True)


def test_a_renewal_does_not_bring_back_what_another_has_claimed(opened: Database) -> None:
    opened.append([submitted("a", 100.0)], ME)
    opened.acquire_lease("a", YOU, 200.0, 10.0)
    opened.renew_leases(ME, 201.0, 10.0)
    assert opened.run("a").owner == YOU


def test_a_released_run_is_free_and_only_its_owner_releases_it(opened: Database) -> None:
    opened.append([submitted("a", 100.0)], ME)
    opened.release_lease("a", YOU)
    assert opened.run("a").owner == ME
    opened.release_lease("a", ME)
    assert (opened.run("a").owner, opened.orphans(100.0)) == ("", ["a"])


def test_a_run_that_has_ended_is_nobodys_and_cannot_be_claimed(opened: Database) -> None:
    opened.append([submitted("a", 100.0), ended("a")], ME)
    assert opened.run("a").owner == ""
    assert (opened.orphans(200.0), opened.acquire_lease("a", YOU, 200.0, 10.0)) == ([], False)


def test_a_retried_run_is_free(opened: Database) -> None:
    opened.append([submitted("a", 100.0), ended("a", state="FAILED")], ME)
    opened.append([Event("a", RunRetried(), 101.0)])
    assert (opened.orphans(101.0), opened.acquire_lease("a", YOU, 101.0, 10.0)) == (["a"], True)


def test_a_run_that_does_not_exist_cannot_be_claimed(opened: Database) -> None:
    assert not opened.acquire_lease("a", ME, 1.0, 10.0)


def test_the_lease_of_a_dead_process_of_this_host_is_free_at_once(opened: Database) -> None:
    opened.append([submitted("a", 100.0)], gone())
    assert opened.orphans(100.0) == ["a"]
    assert opened.acquire_lease("a", ME, 100.0, 10.0)


def test_the_lease_of_a_living_process_or_of_another_host_is_not(opened: Database) -> None:
    host, pid, start, _ = owner_id().split(":")
    opened.append([submitted("mine", 100.0)], owner_id())
    opened.append([submitted("theirs", 100.0)], f"not-{host}:999999999:1:x")
    assert opened.orphans(100.0) == []
    assert started(int(pid)) == start


def test_a_number_that_another_process_has_now_is_not_its_owner(opened: Database) -> None:
    host, pid, start, random = owner_id().split(":")
    opened.append([submitted("a", 100.0)], f"{host}:{pid}:{int(start) - 1}:{random}")
    assert opened.orphans(100.0) == ["a"]


def test_nothing_is_written_by_an_owner_that_lost_one_of_the_runs(opened: Database) -> None:
    opened.append([submitted("a", 100.0), submitted("b", 100.0)], ME)
    opened.acquire_lease("b", YOU, 200.0, 10.0)
    with pytest.raises(LeaseLost, match="run b belongs to another scheduler"):
        opened.append([queued("a", "x"), queued("b", "x"), submitted("c")], ME)
    assert opened.last_seq() == 2
    assert opened.tasks("a") == []
    assert {row.run for row in opened.runs()} == {"a", "b"}


def test_an_owner_that_lost_nothing_goes_on(opened: Database) -> None:
    opened.append([submitted("a", 100.0)], ME)
    assert opened.append([queued("a", "x"), submitted("b")], ME) == 3
    assert opened.append([ended("a")], ME) == 4
    with pytest.raises(LeaseLost):
        opened.append([queued("a", "y")], ME)


def test_anybody_may_ask_for_something_without_being_an_owner(opened: Database) -> None:
    opened.append([submitted("a", 100.0)], ME)
    opened.append([Event("a", RunCancelRequested(), 101.0)])
    assert opened.run("a").owner == ME


def test_a_suspended_run_is_nobodys_and_no_orphan_until_it_is_resumed(opened: Database) -> None:
    opened.append([submitted("a", 100.0), Event("a", RunStarted(ME), 101.0)], ME)
    opened.append([Event("a", RunSuspendRequested("later"), 102.0)])
    assert opened.run("a").state is State.RUNNING
    opened.append([Event("a", RunSuspended("later"), 103.0)], ME)
    row = opened.run("a")
    assert (row.state, row.reason, row.owner, row.ended) == (State.SUSPENDED, "later", "", None)
    assert opened.orphans(200.0) == []
    with pytest.raises(LeaseLost):
        opened.append([queued("a", "fit")], ME)
    opened.append([Event("a", RunResumed(), 201.0)])
    assert (opened.run("a").state, opened.run("a").reason) == (State.QUEUED, "")
    assert opened.orphans(202.0) == ["a"]


def test_a_suspended_run_may_be_taken_to_be_cancelled(opened: Database) -> None:
    opened.append([submitted("a", 100.0), Event("a", RunSuspended(), 101.0), Event("a", RunCancelRequested(), 102.0)])
    assert opened.run("a").state is State.SUSPENDED
    assert opened.acquire_lease("a", ME, 103.0, 10.0)
    opened.renew_leases(ME, 110.0, 10.0)
    assert not opened.acquire_lease("a", YOU, 119.0, 10.0)
    opened.append([Event("a", RunStarted(ME), 119.0)], ME)
    assert opened.run("a").state is State.SUSPENDED
    opened.append([Event("a", RunStopping("cancelled"), 119.0)], ME)
    assert opened.run("a").state is State.STOPPING


@pytest.mark.parametrize("state", ["QUEUED", "RUNNING", "STOPPING", "SUCCEEDED"])
def test_resuming_what_is_not_suspended_changes_nothing(opened: Database, state: str) -> None:
    told = {"RUNNING": RunStarted(ME), "STOPPING": RunStopping("enough"), "SUCCEEDED": RunEnded(State.SUCCEEDED, "why")}
    opened.append([submitted("a"), *(Event("a", data, 2.0) for name, data in told.items() if name == state)])
    before = opened.run("a")
    opened.append([Event("a", RunResumed(), 3.0), Event("a", RunSuspendRequested(), 4.0), Event("a", RunAnswered("q", 1), 5.0)])
    assert opened.run("a") == before
    assert before.state == state
