"""Waking those who follow a SQLite store, in any process, with no polling: each binds a datagram socket in a folder of its own.

A lost ring does no harm: followers look again now and then (see `follow`).
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

# The same for all processes of a user, whatever their environment; and short, as a socket's path has at most some 100 letters.
ROOT = Path("/tmp")


def folder(path: str) -> Path:
    """Where the followers of the database at `path` bind."""
    return ROOT / f"kflite-{os.getuid()}" / sha256(os.path.realpath(path).encode()).hexdigest()[:16]


def private(path: Path) -> bool:
    """Make the folder, for this user only; False where somebody else's is in its place."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if path.parent.is_symlink() or path.parent.stat().st_uid != os.getuid():
        return False
    path.mkdir(mode=0o700, exist_ok=True)
    return True


class Bell:
    """Rings the followers of a database. path: its file, "" for a database in memory, whose followers are in this process."""

    def __init__(self, path: str) -> None:
        self.folder = folder(path or f":memory:{token_hex(8)}")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def ring(self) -> None:
        """Wake all followers; those that are gone are removed."""
        with suppress(OSError):
            for name in os.listdir(self.folder):
                self._ring(f"{self.folder}/{name}")

    def _ring(self, path: str) -> None:
        try:
            self._socket.sendto(b"!", path)
        except ConnectionRefusedError:
            Path(path).unlink(missing_ok=True)
        except OSError:
            return  # it has been rung already and has not looked yet, or has just gone

    def close(self) -> None:
        """No more rings."""
        self._socket.close()
        with suppress(OSError):
            self.folder.rmdir()


class SocketListener:
    """A follower's end: a file descriptor that can be read when the bell has rung. It hears nothing in somebody else's folder."""

    def __init__(self, bell: Path) -> None:
        self._path = bell / token_hex(4)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        while private(bell):
            with suppress(FileNotFoundError):  # a bell that closed has removed the folder
                self._socket.bind(str(self._path))
                return

    def fileno(self) -> int:
        """What becomes readable."""
        return self._socket.fileno()

    def clear(self) -> bool:
        """See the seam."""
        with suppress(BlockingIOError):
            while True:
                self._socket.recv(1)
        return True

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
        self._path.unlink(missing_ok=True)
