"""The log of a pod's main container, followed into a local file; after a break it goes on where it was.

The server puts the time before each line; the time and place of the last whole line are kept beside the file.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

from kflite.executors.kubernetes.api import NOT_FOUND, Api, Broken, ClusterRefused

_SAVE_S = 1.0  # between two notes of the place
_PAUSE_S = 0.5
_LATE_S = 5.0
_TRIES = 20  # in a row, without a byte


class PodLog:
    """Copies one container's output to `path`, after what is in there already."""

    def __init__(self, api: Api, pod: str, path: Path) -> None:
        self._api, self._pod, self._path = api, pod, path
        self._beside = path.with_name(f".{path.name}.at")
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        self._offset, self._since = self._kept()
        self._place, self._last = self._offset, self._since  # of what is written; the others: of whole lines
        self._in_line = False
        self._head = b""
        self._saved = 0.0

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def done(self) -> None:
        """All is copied."""
        self._beside.unlink(missing_ok=True)

    async def copy(self, over: asyncio.Event) -> str:
        """Copy until the output ends; `over` is set once the container has ended. Returns why the copy is incomplete, or ""."""
        fails = 0
        while fails < _TRIES:
            before = self._place
            try:
                was_over = over.is_set()
                await self._follow(follow=not was_over)
                if was_over or await _soon(over):
                    return ""
            except ClusterRefused as error:
                if error.status == NOT_FOUND or over.is_set():
                    return str(error)
                fails += 1
            except Broken as error:
                if not self._api.outage.on:  # a server that is away may come back
                    fails = fails + 1 if self._place == before else 0
                if fails == _TRIES:
                    return str(error)
            self._resume()
            await asyncio.sleep(_PAUSE_S)
        return "the log could not be read"

    async def _follow(self, follow: bool) -> None:
        """Copy the output as it comes."""
        query = {"container": "main", "timestamps": "true", **({"follow": "true"} if follow else {})}
        if self._since:
            query["sinceTime"] = self._since
        async with self._api.stream(self._api.path("pods", self._pod) + "/log", query, None) as chunks:
            async for chunk in chunks:
                self._take(chunk)

    def _take(self, chunk: bytes) -> None:
        held: list[bytes] = []
        for piece in _lines(chunk):
            self._piece(piece, held)
        self._write(b"".join(held))
        now = asyncio.get_running_loop().time()
        if now - self._saved > _SAVE_S:
            self._saved = now
            self._save()

    def _piece(self, piece: bytes, held: list[bytes]) -> None:
        """Write a line or a part of one."""
        if not self._in_line:
            self._head += piece
            time, space, piece = self._head.partition(b" ")
            if not space:
                return
            self._head, self._in_line = b"", True
            self._last = time.decode()
        if not self._since or self._last > self._since:
            held.append(piece)
        if piece.endswith(b"\n"):
            self._in_line = False

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            written = os.pwrite(self._file, view, self._place)
            self._place += written
            view = view[written:]
        if not self._in_line and not self._head:
            self._offset, self._whole = self._place, self._last

    def _resume(self) -> None:
        """Go back to the end of the last whole line."""
        self._place, self._in_line, self._head = self._offset, False, b""
        self._since = self._last = self._whole

    def _save(self) -> None:
        new = self._beside.with_name(f"{self._beside.name}.{os.getpid()}")
        new.write_text(json.dumps([self._offset, self._whole]), "utf-8")
        new.replace(self._beside)

    def _kept(self) -> tuple[int, str]:
        try:
            offset, since = json.loads(self._beside.read_text("utf-8"))
        except FileNotFoundError:
            offset, since = os.fstat(self._file).st_size, ""
        self._offset, self._whole = offset, since
        self._save()
        return offset, since


async def _soon(over: asyncio.Event) -> bool:
    """Whether the container has ended, which shows a moment after the end of its output."""
    try:
        await asyncio.wait_for(over.wait(), _LATE_S)
    except TimeoutError:
        return False
    return True


def _lines(chunk: bytes) -> list[bytes]:
    """Split at line feeds only, as progress bars contain carriage returns."""
    *whole, rest = chunk.split(b"\n")
    return [line + b"\n" for line in whole] + ([rest] if rest else [])
