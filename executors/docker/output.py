"""Copies the output of containers to their log files: live while they run, and from the daemon's copy after a break.

Docker sends frames: a byte for the stream, three of nothing, four for the length (big endian), the bytes.
Source: https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from docker import APIClient

T = TypeVar("T")

_HEADER = 8
_CHUNK = 1 << 16  # bytes
_CONNECT_S = 15.0


class LogSource(Protocol):
    """Bytes in frames, whose reading another thread can end."""

    def __iter__(self) -> Iterator[bytes]: ...
    def close(self) -> None: ...


class Attached:
    """All output of a container that has not been started."""

    def __init__(self, client: APIClient, container: str) -> None:
        self._socket = _upgraded(client, container)
        self._socket.settimeout(None)

    def __iter__(self) -> Iterator[bytes]:
        try:
            while chunk := self._socket.recv(_CHUNK):
                yield chunk
        except OSError:  # closed by us or by a daemon that died: whoever waits for the container finds out which
            return
        finally:
            self._socket.close()

    def close(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def _upgraded(client: APIClient, container: str) -> socket.socket:
    """The connection after the daemon has turned it from HTTP into a stream."""
    parameters = {"stdout": "1", "stderr": "1", "stream": "1"}
    if not client.base_url.startswith("http+docker://localhost"):  # over TLS and SSH the bytes do not lie bare on a descriptor
        found: socket.socket = client.attach_socket(container, parameters)
        return found
    url = f"{client.base_url}/v{client.api_version}/containers/{container}/attach"
    headers = {"Connection": "Upgrade", "Upgrade": "tcp"}
    response = client.post(url, params=parameters, headers=headers, stream=True, timeout=_CONNECT_S)
    try:
        response.raise_for_status()
        return socket.socket(fileno=os.dup(response.raw.fileno()))
    finally:
        response.close()


class Reply:
    """The body of an answer as it comes. quiet_s: seconds without data after which reading raises, None for never.

    Raises the SDK's errors: call it through `answer`.
    """

    def __init__(self, client: APIClient, path: str, parameters: Mapping[str, str], quiet_s: float | None = None) -> None:
        url = f"{client.base_url}/v{client.api_version}{path}"
        self._response = client.get(url, params=parameters, stream=True, timeout=(_CONNECT_S, quiet_s))
        self.found = self._response.status_code == 200

    def __iter__(self) -> Iterator[bytes]:
        return self._response.iter_content(None) if self.found else iter(())

    def close(self) -> None:
        from docker.types import CancellableStream

        try:
            CancellableStream(iter(()), self._response).close()
        except (AttributeError, OSError):  # it has come to its end and let go of its socket
            self._response.close()


def kept(client: APIClient, container: str, follow: bool) -> Reply:
    """The daemon's copy of a container's output, empty if there is none; with `follow`, until the container ends."""
    return Reply(client, f"/containers/{container}/logs", {"stdout": "1", "stderr": "1", "follow": str(int(follow))})


def payloads(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes of all frames, without headers; an incomplete frame yields what there is."""
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        position, out = 0, []
        while len(buffer) - position >= _HEADER:
            end = position + _HEADER + int.from_bytes(buffer[position + 4 : position + _HEADER], "big")
            if end > len(buffer):
                break
            out.append(buffer[position + _HEADER : end])
            position = end
        del buffer[:position]
        if out:
            yield b"".join(out)
    if len(buffer) > _HEADER:
        yield bytes(buffer[_HEADER:])


def skipping(chunks: Iterable[bytes], count: int) -> Iterator[bytes]:
    """Skip the first `count` bytes."""
    for chunk in chunks:
        if count < len(chunk):
            yield chunk[count:]
        count = max(0, count - len(chunk))


class ContainerLog:
    """A log file that one thread at a time appends a container's output to, in whichever process.

    offset: bytes at its beginning that are not the container's.
    """

    def __init__(self, path: Path, offset: int) -> None:
        self._path, self._offset = path, offset

    def append(self, chunks: Iterable[bytes]) -> OSError | None:
        """Append the missing part of a container's whole output, after waiting for the lock.

        A full disk does not stop the reading, which would block the container; the error is returned at the end.
        """
        failed: OSError | None = None
        with self._path.open("ab", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            for chunk in skipping(chunks, os.fstat(file.fileno()).st_size - self._offset):
                try:
                    view = memoryview(chunk)
                    while not failed and view:
                        view = view[file.write(view) :]
                except OSError as error:
                    failed = error
        return failed


class Copy:
    """A thread that copies a container's output to its log. `done` is called with the error of writing, or None."""

    def __init__(self, source: LogSource, log: ContainerLog) -> None:
        self._source, self._log = source, log
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[OSError | None] = self._loop.create_future()
        threading.Thread(target=self._run, name="kflite-docker-log", daemon=True).start()

    def close(self) -> None:
        """Stop copying."""
        self._source.close()

    def _run(self) -> None:
        error: OSError | None
        try:
            error = self._log.append(payloads(self._source))
        except OSError as broken:  # the HTTP library's errors are OSErrors, too: whoever waits for the container finds out more
            error = broken
        tell(self._loop, partial(_settle, self.done, error))


def catch_up(client: APIClient, container: str, log: ContainerLog) -> OSError | None:
    """Append the daemon's output that the log lacks."""
    return log.append(payloads(kept(client, container, follow=False)))


def _settle(future: asyncio.Future[T], result: T) -> None:
    if not future.done():
        future.set_result(result)


def tell(loop: asyncio.AbstractEventLoop, what: Callable[[], object]) -> None:
    """Call from another thread; does nothing when the loop is closed."""
    try:
        loop.call_soon_threadsafe(what)
    except RuntimeError:
        return
