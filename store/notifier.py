"""Notifications between processes that use one SQLite store: each listener binds a datagram socket in the store's folder.

A lost notification does no harm: followers read again now and then (see `follow`).
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

# The same for all processes of a user, whatever their environment; and short, as a socket's path has at most some 100 characters.
ROOT = Path("/tmp")


def folder(path: str) -> Path:
    """The folder of the listeners of the database at `path`."""
    return ROOT / f"kflite-{os.getuid()}" / sha256(os.path.realpath(path).encode()).hexdigest()[:16]


def make_private(path: Path) -> bool:
    """Create the folder for this user only; False where it belongs to somebody else."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if path.parent.is_symlink() or path.parent.stat().st_uid != os.getuid():
        return False
    path.mkdir(mode=0o700, exist_ok=True)
    return True


class Notifier:
    """Notifies the listeners of a database. path: its file, "" for a database in memory, whose listeners are in this process."""

    def __init__(self, path: str) -> None:
        self.folder = folder(path or f":memory:{token_hex(8)}")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def notify(self) -> None:
        """Wake all listeners, and remove those that are gone."""
        with suppress(OSError):
            for name in os.listdir(self.folder):
                self._send(f"{self.folder}/{name}")

    def _send(self, path: str) -> None:
        try:
            self._socket.sendto(b"!", path)
        except ConnectionRefusedError:
            Path(path).unlink(missing_ok=True)
        except OSError:
            return  # it has been notified already, or is gone

    def close(self) -> None:
        """End all notifications."""
        self._socket.close()
        with suppress(OSError):
            self.folder.rmdir()


class SocketListener:
    """A listener on a socket. In a folder of somebody else it is never notified."""

    def __init__(self, notifier: Path) -> None:
        self._path = notifier / token_hex(4)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        while make_private(notifier):
            with suppress(FileNotFoundError):  # a notifier that closed has removed the folder
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
