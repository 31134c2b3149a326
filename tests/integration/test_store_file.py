"""A store in a file, and what may be wrong with it: locked by another process, on a full disk, to be seen by others."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from contract.stores import queued, submitted
from integration.beside import HALFWAY, SOON_S, Start, others, sound

from kflite import store
from kflite.errors import StoreFull, StoreLocked
from kflite.store import Database
from kflite.store.sqlite import SqliteConnection

FULL = r"kflite.db: database or disk is full: free space on its disk, then kflite resume"


@pytest.fixture
def start() -> Iterator[Start]:
    with others() as start:
        yield start


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "private" / "kflite.db"


@pytest.fixture
def opened(path: Path) -> Iterator[Database]:
    opened = store.open(f"sqlite:///{path}")
    opened.append([submitted("a")])
    yield opened
    sound(opened)
    opened.close()


def test_a_lock_held_by_another_is_waited_for_and_then_named(opened: Database, start: Start) -> None:
    other = start(HALFWAY, opened.url, 1)
    assert other.says() == "halfway"
    hasty = Database(SqliteConnection(opened.url, busy_s=0.05))
    with pytest.raises(StoreLocked, match=r"kflite.db: another process holds its lock.*kflite resume"):
        hasty.append([queued("a", "x")])
    assert [task.task for task in hasty.tasks("a")] == ["whole"]  # who reads waits for nobody
    other.go()
    assert other.ends() == 0
    hasty.append([queued("a", "x")])
    assert [task.task for task in hasty.tasks("a")] == ["whole", "half", "x"]
    hasty.close()


def test_who_waits_for_a_lock_gets_it(opened: Database, start: Start) -> None:
    other = start(HALFWAY, opened.url, 1)
    assert other.says() == "halfway"
    waiting = threading.Thread(target=opened.append, args=([queued("a", "x")],))
    waiting.start()
    other.go()
    waiting.join(SOON_S)
    assert [task.task for task in opened.tasks("a")] == ["whole", "half", "x"]


def test_a_new_file_that_another_holds_is_named_too(path: Path) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreLocked):
        SqliteConnection(f"sqlite:///{path}", busy_s=0.05)
    other.close()


def test_files_and_folder_are_the_users_alone(path: Path) -> None:
    before = os.umask(0)
    try:
        opened = store.open(f"sqlite:///{path}")
        opened.append([submitted("a")])
    finally:
        os.umask(before)
    modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in (path.parent, *path.parent.iterdir())}
    assert modes == {"private": 0o700, "kflite.db": 0o600, "kflite.db-wal": 0o600, "kflite.db-shm": 0o600}
    opened.close()


def test_a_full_store_says_so_writes_nothing_and_goes_on_when_there_is_space(opened: Database) -> None:
    ((pages,),) = opened.connection.rows("PRAGMA page_count")
    list(opened.connection.rows(f"PRAGMA max_page_count = {pages + 5}"))
    done = fill(opened)
    list(opened.connection.rows("PRAGMA max_page_count = 100000"))
    assert opened.append([queued("a", "more")]) == done + 2


@pytest.mark.skipif(os.getuid() != 0 or sys.platform != "linux", reason="only root may mount a small file system")
def test_a_full_disk_says_so_writes_nothing_and_goes_on_when_there_is_space(small: Path) -> None:
    opened = store.open(f"sqlite:///{small}/kflite.db")
    opened.append([submitted("a")])
    ballast = small / "ballast"
    ballast.write_bytes(b"x" * 200_000)
    done = fill(opened)
    ballast.unlink()
    assert opened.append([queued("a", "more")]) == done + 2
    sound(opened)
    opened.close()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 600 KiB."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "kflite", tmp_path], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    yield tmp_path
    subprocess.run(["umount", "-l", tmp_path], check=True)


def fill(opened: Database) -> int:
    """Append tasks, one at a time, until there is no space: how many were written, whole."""
    with pytest.raises(StoreFull, match=FULL):
        _fill(opened)
    tasks, events = opened.tasks("a"), opened.events("a")
    assert tasks
    assert [task.task for task in tasks] == [event.task for event in events[1:]] == [f"t{n}" for n in range(len(tasks))]
    return len(tasks)


def _fill(opened: Database) -> None:
    for n in range(1000):
        opened.append([queued("a", f"t{n}", parameters={"x": "y" * 2000})])
