"""A store that several processes have at once, or had when they were killed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from contract.stores import queued, submitted
from integration.beside import FOLLOWER, HALFWAY, OPENED, OWNER, SCHEDULER, SOON_S, WRITER, Start, others, sound

from kflite import store
from kflite.core.event import Event
from kflite.core.event_kind import State
from kflite.errors import LeaseLost
from kflite.store import Database, owner_id
from kflite.store import follow as following
from kflite.store.database import LEASE_S
from kflite.store.follow import follow


@pytest.fixture
def start() -> Iterator[Start]:
    with others() as start:
        yield start


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/kflite.db" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))
    opened = store.open(url)
    opened.append([submitted("a")])
    yield opened
    opened.append([queued("a", "the-end")])  # whoever was killed, it goes on; the ring removes the ears of followers that were
    sound(opened)
    opened.close()


def numbers(events: list[Event]) -> list[int]:
    return [event.seq for event in events]


def test_two_processes_append_at_once_and_nothing_is_lost_or_numbered_twice(opened: Database, start: Start) -> None:
    beside = [start(WRITER, opened.url, name, 200) for name in "xy"]
    for other in beside:
        other.go()
    assert [other.ends() for other in beside] == [0, 0]
    events = opened.events()
    assert numbers(events) == list(range(1, 802))
    for name in "xy":
        assert [e.task for e in events if e.task.startswith(name)] == [f"{name}{n}" for n in range(200) for _ in "12"]
    for first, second in zip(events[1::2], events[2::2], strict=True):
        assert first.task == second.task
    assert {task.state for task in opened.tasks("a")} == {State.STARTING}


def test_events_are_seen_in_the_order_of_their_numbers_while_others_write(opened: Database, start: Start) -> None:
    beside = [start(WRITER, opened.url, name, 100) for name in "xy"]
    for other in beside:
        other.go()
    seen = 1
    while seen < 401:
        writing = any(other.process.poll() is None for other in beside)
        found = numbers(opened.events(after=seen))
        assert found == list(range(seen + 1, seen + 1 + len(found)))
        assert found or writing
        seen += len(found)
    assert [other.ends() for other in beside] == [0, 0]


def test_a_follower_in_another_process_is_woken_by_the_bell(opened: Database, start: Start) -> None:
    follower = start(FOLLOWER, opened.url)
    for n in range(5):
        assert follower.says() == "nothing"  # from now on only the bell makes it look
        opened.append([queued("a", f"t{n}")])
        assert follower.says() == f"t{n}"


def test_a_follower_is_woken_by_the_bell_of_another_process(
    opened: Database, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "POLL_S", 10 * SOON_S)
    writer, looked, read = start(WRITER, opened.url, "x", 1), threading.Event(), opened.events

    def reading(run: str = "", after: int = 0, limit: int = 10_000) -> list[Event]:
        found = read(run, after, limit)
        looked.set()
        return found

    async def heard() -> list[str]:
        batches = follow(opened, "a", after=1)
        coming = asyncio.ensure_future(anext(batches))
        async with asyncio.timeout(SOON_S):
            await asyncio.to_thread(looked.wait, SOON_S)
            writer.go()
            found = [event.task for event in await coming]
        await batches.aclose()
        return found

    monkeypatch.setattr(opened, "events", reading)
    assert asyncio.run(heard()) == ["x0", "x0"]
    assert writer.ends() == 0


def test_followers_that_are_killed_hold_no_writer_up(opened: Database, start: Start) -> None:
    followers = [start(FOLLOWER, opened.url) for _ in range(2)]
    assert [follower.says() for follower in followers] == ["nothing", "nothing"]
    followers[0].kill()
    for n in range(50):
        opened.append([queued("a", f"t{n}")])
    assert followers[1].says().startswith("t0")


@pytest.mark.parametrize("appends", [1, 7, 40])
def test_a_writer_that_is_killed_leaves_whole_batches_and_a_store_that_goes_on(
    opened: Database, start: Start, appends: int
) -> None:
    writer = start(WRITER, opened.url, "x", 100_000)
    writer.go()
    told = [writer.says() for _ in range(appends)]
    writer.kill()
    opened.append([queued("a", "next")])
    *tasks, last = opened.tasks("a")
    assert told == [str(n) for n in range(appends)]
    assert [task.task for task in tasks] == [f"x{n}" for n in range(len(tasks))]
    assert len(tasks) >= appends
    assert last.task == "next"
    assert {task.state for task in tasks} == {State.STARTING}
    assert len(opened.events("a")) == 2 + 2 * len(tasks)
    assert len(opened.attempts("a")) == len(tasks)


@pytest.mark.parametrize("statements", [1, 2, 4, 6])
def test_a_writer_that_is_killed_inside_an_append_leaves_nothing_of_it(opened: Database, start: Start, statements: int) -> None:
    writer = start(HALFWAY, opened.url, statements)
    assert writer.says() == "halfway"
    assert [task.task for task in opened.tasks("a")] == ["whole"]
    writer.kill()
    sound(opened)
    opened.append([queued("a", "next")])
    assert [task.task for task in opened.tasks("a")] == ["whole", "next"]
    assert {event.task for event in opened.events("a")} == {"", "whole", "next"}
    assert [row.task for row in opened.attempts("a")] == ["whole"]


def test_a_store_whose_every_process_was_killed_is_opened_as_it_was(tmp_path: Path, start: Start) -> None:
    url = f"sqlite:///{tmp_path}/kflite.db"
    first = store.open(url)
    first.append([submitted("a")])
    writers = [start(WRITER, url, "x", 100_000), start(HALFWAY, url, 3)]
    first.close()
    assert writers[1].says() == "halfway"
    writers[0].go()
    for writer in writers:
        writer.kill()
    opened = store.open(url)
    sound(opened)
    assert [task.task for task in opened.tasks("a")] == ["whole"]
    assert numbers(opened.events()) == [1, 2, 3, 4]
    opened.close()


def test_the_lease_of_a_process_that_was_killed_is_free_at_once_and_that_of_a_living_one_is_not(
    opened: Database, start: Start
) -> None:
    owner, now, me = start(OWNER, opened.url, 100.0), 100.0, owner_id()
    opened.append([submitted("mine", now)], me)
    assert owner.says() == "owns"
    assert opened.run("b").owner.split(":")[1] == str(owner.process.pid)
    assert (opened.acquire_lease("b", me, now, LEASE_S), opened.orphans(now)) == (False, ["a"])
    with pytest.raises(LeaseLost):
        opened.append([queued("b", "x")], me)
    owner.kill()
    assert opened.orphans(now) == ["a", "b"]
    assert opened.acquire_lease("b", me, now, LEASE_S)
    opened.append([queued("b", "x")], me)


def test_schedulers_that_write_at_once_each_of_its_own_run_keep_their_leases(opened: Database, start: Start) -> None:
    beside = [start(SCHEDULER, opened.url, run, 150) for run in ("x", "y")]
    for other in beside:
        other.go()
    assert [other.ends() for other in beside] == [0, 0]
    assert {run: len(opened.tasks(run)) for run in ("x", "y")} == {"x": 150, "y": 150}
    assert {(row.run, row.state, row.owner) for row in opened.runs()} >= {
        ("x", State.SUCCEEDED, ""),
        ("y", State.SUCCEEDED, ""),
    }


def test_one_of_those_that_claim_at_once_gets_the_run(opened: Database, start: Start) -> None:
    program = (
        OPENED
        + 'sys.stdin.readline()\nprint(opened.acquire_lease("a", store.owner_id(), 9.0, 9.0), flush=True)\nsys.stdin.readline()\n'
    )
    beside = [start(program, opened.url) for _ in range(3)]
    for other in beside:
        other.go()
    assert sorted(other.says() for other in beside) == ["False", "False", "True"]
