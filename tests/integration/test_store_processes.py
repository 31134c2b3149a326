"""A store that several processes have at once, or had when they were killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from contract.stores import queued, submitted

from kflite import store
from kflite.errors import StoreFull, StoreLocked
from kflite.event import State
from kflite.store import Database
from kflite.store import follow as following
from kflite.store.follow import follow
from kflite.store.sqlite import SqliteConnection

SOON_S = 30.0
WRITER = """
import sys
from kflite import store
from kflite.event import Event, Kind
opened = store.open(sys.argv[1])
name, count = sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
for n in range(count):
    task = f"{name}{n}"
    opened.append([Event("a", Kind.TASK_QUEUED, 1.0, task), Event("a", Kind.TASK_STARTING, 2.0, task, 1)])
    print(n, flush=True)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/kflite.db" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))
    opened = store.open(url)
    opened.append([submitted("a")])
    yield opened
    opened.close()


def writer(opened: Database, name: str, count: int) -> subprocess.Popen[str]:
    """Another process that has opened the store, and appends so many batches once it is told to."""
    command = [sys.executable, "-c", WRITER, opened.url, name, str(count)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def test_two_processes_append_at_once_and_nothing_is_lost_or_numbered_twice(opened: Database) -> None:
    processes = [writer(opened, name, 200) for name in "xy"]
    for process in processes:
        go(process)
    for process in processes:
        process.communicate(timeout=SOON_S)
        assert process.returncode == 0
    events = opened.events()
    assert [event.seq for event in events] == list(range(1, 802))
    for name in "xy":
        assert [e.task for e in events if e.task.startswith(name)] == [f"{name}{n}" for n in range(200) for _ in "12"]
    for first, second in zip(events[1::2], events[2::2], strict=True):
        assert first.task == second.task
    assert {task.state for task in opened.tasks("a")} == {State.STARTING}


def test_events_are_seen_in_the_order_of_their_numbers_while_others_write(opened: Database) -> None:
    processes = [writer(opened, name, 100) for name in "xy"]
    for process in processes:
        go(process)
    seen = 1
    while seen < 401:
        for event in opened.events(after=seen):
            assert event.seq == seen + 1
            seen = event.seq
    for process in processes:
        process.communicate(timeout=SOON_S)


def test_a_follower_is_woken_by_another_process(opened: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "LOOK_ANYWAY_S", 10 * SOON_S)
    process = writer(opened, "x", 1)

    async def heard() -> list[str]:
        batches = follow(opened, "a", after=1)
        async with asyncio.timeout(SOON_S):
            coming = asyncio.ensure_future(anext(batches))
            await asyncio.sleep(0)
            go(process)
            found = [event.task for event in await coming]
        await batches.aclose()
        return found

    assert asyncio.run(heard()) == ["x0", "x0"]
    process.communicate(timeout=SOON_S)


@pytest.mark.parametrize("appends", [1, 7, 40])
def test_a_writer_that_is_killed_leaves_whole_batches_and_a_store_that_goes_on(opened: Database, appends: int) -> None:
    process = writer(opened, "x", 100_000)
    go(process)
    assert process.stdout
    told = [int(process.stdout.readline()) for _ in range(appends)]
    process.kill()
    process.communicate(timeout=SOON_S)
    tasks = opened.tasks("a")
    assert len(tasks) >= len(told)
    assert {task.state for task in tasks} == {State.STARTING}
    assert len(opened.events("a")) == 1 + 2 * len(tasks) == 1 + 2 * len({task.task for task in tasks})
    assert opened.append([queued("a", "next")]) == 2 + 2 * len(tasks) or opened.url.startswith("postgresql")
    again = store.open(opened.url)
    assert again.tasks("a")[-1].task == "next"
    again.close()


def test_a_killed_writers_file_is_sound(tmp_path: Path) -> None:
    opened = store.open(f"sqlite:///{tmp_path}/kflite.db")
    opened.append([submitted("a")])
    process = writer(opened, "x", 100_000)
    go(process)
    assert process.stdout
    process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=SOON_S)
    with sqlite3.connect(tmp_path / "kflite.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    db.close()
    opened.close()


def fill(opened: Database) -> None:
    for n in range(1000):
        opened.append([queued("a", f"t{n}", parameters={"x": "y" * 2000})])


class TestSqlite:
    """A file's own ways to fail."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "private" / "kflite.db"

    def test_a_lock_held_by_another_is_waited_for_and_then_named(self, path: Path) -> None:
        store.open(f"sqlite:///{path}").close()
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        opened = Database(SqliteConnection(f"sqlite:///{path}", busy_s=0.05))
        with pytest.raises(StoreLocked, match=r"kflite.db: another process holds its lock.*kflite resume"):
            opened.append([submitted("a")])
        assert opened.runs() == []
        other.execute("ROLLBACK")
        assert opened.append([submitted("a")]) == 1
        other.close()
        opened.close()

    def test_a_new_file_that_another_holds_is_named_too(self, path: Path) -> None:
        path.parent.mkdir()
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreLocked):
            SqliteConnection(f"sqlite:///{path}", busy_s=0.05)
        other.close()

    def test_files_and_folder_are_the_users_alone(self, path: Path) -> None:
        before = os.umask(0)
        opened = store.open(f"sqlite:///{path}")
        opened.append([submitted("a")])
        os.umask(before)
        modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in (path.parent, *path.parent.iterdir())}
        assert modes == {"private": 0o700, "kflite.db": 0o600, "kflite.db-wal": 0o600, "kflite.db-shm": 0o600}
        opened.close()

    def test_a_full_store_says_so_writes_nothing_and_goes_on_when_there_is_space(self, path: Path) -> None:
        opened = store.open(f"sqlite:///{path}")
        opened.append([submitted("a")])
        list(opened.connection.rows("PRAGMA max_page_count = 60"))
        with pytest.raises(StoreFull, match=r"kflite.db: database or disk is full: free space.*kflite resume"):
            fill(opened)
        done = len(opened.tasks("a"))
        assert 0 < done == opened.last() - 1
        list(opened.connection.rows("PRAGMA max_page_count = 100000"))
        assert opened.append([queued("a", "more")]) == done + 2
        opened.close()

    @pytest.mark.skipif(os.getuid() != 0 or sys.platform != "linux", reason="only root may mount a small file system")
    def test_a_full_disk_says_so_writes_nothing_and_goes_on_when_there_is_space(self, tmp_path: Path) -> None:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "kflite", tmp_path], check=False).returncode:
            pytest.skip("mounting is not allowed here")
        try:
            opened = store.open(f"sqlite:///{tmp_path}/kflite.db")
            opened.append([submitted("a")])
            ballast = tmp_path / "ballast"
            ballast.write_bytes(b"x" * 200_000)
            with pytest.raises(StoreFull, match="free space on its disk"):
                fill(opened)
            done = len(opened.tasks("a"))
            assert 0 < done == opened.last() - 1
            ballast.unlink()
            assert opened.append([queued("a", "more")]) == done + 2
            opened.close()
        finally:
            subprocess.run(["umount", "-l", tmp_path], check=True)
