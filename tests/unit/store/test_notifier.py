"""SQLite's bell wakes all followers, and holds nobody up."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from kflite.store.notifier import Notifier, SocketListener, folder


@pytest.fixture
def notifier(tmp_path: Path) -> Iterator[Notifier]:
    notifier = Notifier(str(tmp_path / "kflite.db"))
    yield notifier
    notifier.close()


def hears(listen: SocketListener) -> bool:
    return bool(select.select([listen], [], [], 0)[0])


def test_every_follower_hears_it_until_it_takes_note(notifier: Notifier) -> None:
    ears = [SocketListener(notifier.folder), SocketListener(notifier.folder)]
    notifier.notify()
    assert [hears(listen) for listen in ears] == [True, True]
    ears[0].clear()
    assert [hears(listen) for listen in ears] == [False, True]
    for listen in ears:
        listen.close()


def test_the_folder_is_private_and_goes_with_the_last(notifier: Notifier) -> None:
    listen = SocketListener(notifier.folder)
    assert [path.stat().st_mode & 0o777 for path in (notifier.folder, notifier.folder.parent)] == [0o700, 0o700]
    listen.close()
    notifier.close()
    assert not notifier.folder.exists()


def test_a_follower_comes_back_to_a_folder_that_is_gone(notifier: Notifier) -> None:
    SocketListener(notifier.folder).close()
    notifier.folder.rmdir()
    listen = SocketListener(notifier.folder)
    notifier.notify()
    assert hears(listen)
    listen.close()


def test_followers_that_were_killed_are_removed(notifier: Notifier) -> None:
    dead, living = SocketListener(notifier.folder), SocketListener(notifier.folder)
    dead._socket.close()
    notifier.notify()
    assert os.listdir(notifier.folder) == [living._path.name]
    living.close()


def test_a_follower_that_does_not_look_holds_nobody_up(notifier: Notifier) -> None:
    listen = SocketListener(notifier.folder)
    for _ in range(2000):
        notifier.notify()
    assert listen.clear()
    assert not hears(listen)
    listen.close()


def test_links_to_one_database_have_one_bell(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert folder(f"{tmp_path}/link/kflite.db") == folder(f"{tmp_path}/real/kflite.db")


def test_in_somebody_elses_folder_nobody_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    listen = SocketListener(tmp_path / "kflite-12345" / "0123")
    assert list(tmp_path.rglob("*")) == [tmp_path / "kflite-12345"]
    assert not hears(listen)
    listen.close()
