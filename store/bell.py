"""Waking those who follow a SQLite store, in any process, with no polling: each binds a datagram socket in a folder of the store's.

A lost ring does no harm: followers look again now and then (see `follow`).
"""

from __future__ import annotations

import os
import socket
import tempfile
from hashlib import sha256
from pathlib import Path
from secrets import token_hex


def folder(path: str) -> Path:
    """Where the followers of the database at `path` bind: a short path, as a socket's may not have more than some 100 letters."""
    name = sha256(os.path.realpath(path).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir(), f"kflite-{os.getuid()}", name)


def private(path: Path) -> bool:
    """Make the folder, for this user only; False where somebody else's is in its place."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
    return path.parent.stat().st_uid == os.getuid() and not path.parent.is_symlink()


class Bell:
    """Rings the followers of a database. path: its file, "" for a database in memory, whose followers are in this process."""

    def __init__(self, path: str) -> None:
        self.folder = folder(path) if path else folder(f":memory:{token_hex(8)}")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def ring(self) -> None:
        """Wake all followers; those that are gone are removed."""
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return
        for name in names:
            self._ring(f"{self.folder}/{name}")

    def _ring(self, path: str) -> None:
        try:
            self._socket.sendto(b"!", path)
        except BlockingIOError:
            return  # it has been rung already, and has not looked yet
        except (ConnectionRefusedError, FileNotFoundError):
            Path(path).unlink(missing_ok=True)

    def close(self) -> None:
        """No more rings."""
        self._socket.close()


class Ear:
    """A follower's end: a file descriptor that can be read when the bell has rung."""

    def __init__(self, bell: Path) -> None:
        private(bell)
        self._path = bell / token_hex(4)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(str(self._path))

    def fileno(self) -> int:
        return self._socket.fileno()

    def clear(self) -> None:
        """Take note of all rings so far."""
        while True:
            try:
                self._socket.recv(1)
            except BlockingIOError:
                return

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
        self._path.unlink(missing_ok=True)
