"""SQLite's bell wakes all followers, and holds nobody up."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from kflite.store.notifier import Bell, SocketListener, folder


@pytest.fixture
def bell(tmp_path: Path) -> Iterator[Bell]:
    bell = Bell(str(tmp_path / "kflite.db"))
    yield bell
    bell.close()


def hears(ear: SocketListener) -> bool:
    return bool(select.select([ear], [], [], 0)[0])


def test_every_follower_hears_it_until_it_takes_note(bell: Bell) -> None:
    ears = [SocketListener(bell.folder), SocketListener(bell.folder)]
    bell.ring()
    assert [hears(ear) for ear in ears] == [True, True]
    ears[0].clear()
    assert [hears(ear) for ear in ears] == [False, True]
    for ear in ears:
        ear.close()


def test_the_folder_is_private_and_goes_with_the_last(bell: Bell) -> None:
    ear = SocketListener(bell.folder)
    assert [path.stat().st_mode & 0o777 for path in (bell.folder, bell.folder.parent)] == [0o700, 0o700]
    ear.close()
    bell.close()
    assert not bell.folder.exists()


def test_a_follower_comes_back_to_a_folder_that_is_gone(bell: Bell) -> None:
    SocketListener(bell.folder).close()
    bell.folder.rmdir()
    ear = SocketListener(bell.folder)
    bell.ring()
    assert hears(ear)
    ear.close()


def test_followers_that_were_killed_are_removed(bell: Bell) -> None:
    dead, living = SocketListener(bell.folder), SocketListener(bell.folder)
    dead._socket.close()
    bell.ring()
    assert os.listdir(bell.folder) == [living._path.name]
    living.close()


def test_a_follower_that_does_not_look_holds_nobody_up(bell: Bell) -> None:
    ear = SocketListener(bell.folder)
    for _ in range(2000):
        bell.ring()
    assert ear.clear()
    assert not hears(ear)
    ear.close()


def test_links_to_one_database_have_one_bell(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert folder(f"{tmp_path}/link/kflite.db") == folder(f"{tmp_path}/real/kflite.db")


def test_in_somebody_elses_folder_nobody_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    ear = SocketListener(tmp_path / "kflite-12345" / "0123")
    assert list(tmp_path.rglob("*")) == [tmp_path / "kflite-12345"]
    assert not hears(ear)
    ear.close()
