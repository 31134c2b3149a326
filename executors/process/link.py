"""Starts zygotes, and connects to them."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from kflite.core.paths import private
from kflite.errors import ExecutorError
from kflite.executors import secrets
from kflite.executors.process.message import Code, News, Order
from kflite.runtime import bootstrap

if TYPE_CHECKING:
    from kflite.executors.attempt_folder import Ending

_LONGEST = 70  # bytes of a folder's path that leave room for ours

# The zygote's files are loaded by path, under their own names, for its interpreter may know no kflite; bytecode is kept as usual.
_BOOT = """
import sys
from importlib.machinery import SourceFileLoader
root = "kflite.executors"
for package in (root, root + ".process"):
    sys.modules[package] = type(sys)(package)
for name in ("attempt_folder", "gang", "logtail", *("process." + name for name in (
    "process_tree", "attempt", "mounts", "child", "zygote"))):
    full = root + "." + name
    module = sys.modules[full] = type(sys)(full)
    package, _, own = full.rpartition(".")
    setattr(sys.modules[package], own, module)
    SourceFileLoader(full, f"{sys.argv[1]}/{name.replace('.', '/')}.py").exec_module(module)
for name in [name for name in sys.modules if name.startswith("kflite")]:  # tasks are not to find them
    del sys.modules[name]
module.main(int(sys.argv[2]), sys.argv[3])
"""


def spawn(python: str, log: Path, environment: Mapping[str, str]) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start a zygote with this interpreter, without waiting for it. Its own messages go to `log`.

    environment: entries beside our own. It learns the `usual` programs before the first task comes.
    Raises ExecutorError when it cannot be started.
    """
    ours, its = socket.socketpair()
    arguments = [python, "-P", "-u", "-c", _BOOT, str(Path(__file__).parent.parent), str(its.fileno()), str(sockets())]
    nothing = subprocess.DEVNULL
    try:
        with its, open(log, "ab", opener=private) as said:
            process = subprocess.Popen(
                arguments,
                stdin=nothing,
                stdout=said,
                stderr=said,
                pass_fds=[its.fileno()],
                start_new_session=True,
                env={**secrets.without(os.environ), **environment},
            )
    except OSError as error:
        ours.close()
        raise ExecutorError(f"cannot start {python}: {error.strerror}: name another interpreter") from error
    with suppress(OSError):  # it has ended, and shows it where the connection is used
        for text, name in usual().items():
            ours.sendall(_line(_lesson(text, name)))
    ours.setblocking(False)
    return ours, process


def usual() -> dict[str, str]:
    """The programs that most tasks run, with the names by which a new zygote knows them."""
    return {bootstrap.compressed(bootstrap.runner_text()): "0"}


def _lesson(text: str, name: str) -> Code:
    definitions, main = bootstrap.split(text)
    return {"code": name, "definitions": definitions, "text": main}


def _line(order: Order) -> bytes:
    return json.dumps(order).encode() + b"\n"


async def probe(python: str) -> bool:
    """Whether a process on this machine can have mounts of its own."""
    program = 'import sys; sys.path[:0] = sys.argv[1:]; import mounts; mounts.enter([], "")'
    arguments = [python, "-I", "-S", "-c", program, str(Path(__file__).parent)]
    tried = await asyncio.create_subprocess_exec(*arguments, stderr=subprocess.DEVNULL)
    return await tried.wait() == 0


def sockets() -> Path:
    """The folder of zygotes' sockets: short, since a socket's path has at most 104 bytes, and private to the user.

    Raises ExecutorError when somebody else owns it.
    """
    temporary = os.environ.get("TMPDIR") or "/tmp"
    folder = Path(temporary if len(temporary) < _LONGEST else "/tmp", f"kflite-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise ExecutorError(f"{folder} is not private to you: remove it, or set TMPDIR to a folder of your own")
    return folder


def connect(path: str) -> socket.socket | None:
    """A connection to a zygote's socket, None if nobody listens."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(path)
    except OSError:
        connection.close()
        return None
    connection.setblocking(False)
    return connection


class Link:
    """A connection in use by the running loop. `closed` is done once the other end is gone.

    codes: programs that the zygote knows, with their names.
    """

    def __init__(self, connection: socket.socket, codes: Mapping[str, str]) -> None:
        self._connection, self._loop = connection, asyncio.get_running_loop()
        self._received, self._unsent = b"", b""
        self._ends: dict[str, asyncio.Future[Ending | None]] = {}
        self._codes = dict(codes)
        self.closed: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(connection, self._read)

    @property
    def busy(self) -> bool:
        """Whether ends are still awaited."""
        return bool(self._ends)

    def end(self, ref: str) -> asyncio.Future[Ending | None]:
        """The attempt's end from the zygote; None if the attempt is not the zygote's, or the zygote died."""
        future = self._ends.setdefault(ref, self._loop.create_future())
        if self.closed.done() and not future.done():
            future.set_result(None)
        return future

    def code(self, text: str) -> str:
        """The name of this program in the zygote, which gets its text once."""
        if text not in self._codes:
            self._codes[text] = str(len(self._codes))
            self.send(_lesson(text, self._codes[text]))
        return self._codes[text]

    def send(self, order: Order) -> None:
        """Send a message, now or when the zygote can take it. `closed` shows that the zygote is gone."""
        self._unsent += _line(order)
        if self._write():
            self._loop.add_writer(self._connection, self._write_rest)

    def close(self) -> None:
        """Close the connection; what runs goes on."""
        if not self.closed.done():
            self._loop.remove_reader(self._connection)
            self._loop.remove_writer(self._connection)
            self._connection.close()
            self.closed.set_result(None)
            for future in self._ends.values():
                if not future.done():
                    future.set_result(None)
            self._ends.clear()

    def _write(self) -> bytes:
        try:
            self._unsent = self._unsent[self._connection.send(self._unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self._unsent = b""
        return self._unsent

    def _write_rest(self) -> None:
        if not self._write():
            self._loop.remove_writer(self._connection)

    def _read(self) -> None:
        try:
            data = self._connection.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            self._hear(json.loads(line))

    def _hear(self, news: News) -> None:
        ref, ending = (news["ended"], news["ending"]) if "ended" in news else (news["elsewhere"], None)
        future = self._ends.pop(ref, None)
        if future and not future.done():
            future.set_result(ending)
