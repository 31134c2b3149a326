"""Files between this machine and the staging containers, through the API server; the other side is `program`.

Each file is followed by its SHA-256; a transfer that breaks goes on where it was.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypedDict, cast

from kflite.core.paths import private
from kflite.errors import ExecutorError
from kflite.executors.kubernetes.api import Api, Broken, ClusterRefused
from kflite.executors.kubernetes.staging import STAGE_COMMAND

if TYPE_CHECKING:
    from aiohttp import ClientWebSocketResponse

_CHUNK = 1 << 18  # bytes
_TRIES, _PAUSE_S = 20, 0.5
_STDIN, _STDOUT, _STDERR, _STATUS = range(4)

Conversation: TypeAlias = "Callable[[Talk], Awaitable[None]]"


class Head(TypedDict, total=False):
    """The line before a file or folder; the last one has `end` alone."""

    path: str
    kind: str
    mode: int
    size: int
    offset: int
    end: bool


class TransferFailed(ExecutorError):
    """Files could not be brought to a pod, or from it."""

    def __init__(self, why: object) -> None:
        super().__init__(str(why), "StagingFailed")


@dataclass(slots=True)
class Received:
    """What came from a pod so far. done: paths, from whichever replica came first; part: a file that came in part.

    turn: held by whose replica's files come.
    """

    outputs: tuple[Path, ...]
    done: set[str] = field(default_factory=set)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    part: str = ""

    def another(self) -> Received:
        """The same for another replica of the attempt."""
        return Received(self.outputs, self.done, self.turn)

    def target(self, path: str) -> Path:
        """Where a file of the pod belongs. Raises TransferFailed for one that is no output: the pod is not trusted."""
        target = Path(path)
        if ".." in target.parts or not any(target.is_relative_to(output) for output in self.outputs):
            raise TransferFailed(f"the pod sent {path!r}, which is no output of its task")
        return target


async def send(api: Api, pod: str, paths: Iterable[Path]) -> None:
    """Bring files and folders to a pod whose `fetch` waits for them. Raises TransferFailed."""
    sources = list(paths)

    async def once(talk: Talk) -> None:
        known = await talk.hear()
        done = set(cast("list[str]", known["done"]))
        for path, head in _entries(sources):
            if head["path"] not in done:
                head["offset"] = cast("int", known["size"]) if head["path"] == known["part"] else 0
                if head["offset"] > head["size"]:
                    head["offset"] = 0
                await talk.say(head)
                if head["kind"] == "file":
                    await _send_file(talk, path, head)
        await talk.say({"end": True})
        answer = await talk.hear()
        if "error" in answer:
            raise Broken(str(answer["error"]))

    await _tried(api, pod, "fetch", "take", once)


async def fetch(api: Api, pod: str, taken: Received) -> None:
    """Bring the outputs of a pod whose `push` waits here, and let it end. Raises TransferFailed."""

    async def once(talk: Talk) -> None:
        part = _part(taken.part) if taken.part else None
        size = part.stat().st_size if part and part.exists() else 0
        await talk.say({"done": sorted(taken.done), "part": taken.part, "size": size})
        while not (head := cast("Head", await talk.hear())).get("end"):
            await _receive(talk, head, taken)
        await talk.say({"stored": True})
        await talk.closed()

    async with taken.turn:
        await _tried(api, pod, "push", "give", once)


def unpack(message: str, taken: Received) -> None:
    """Write the outputs that came as the message of `push`. Raises TransferFailed, OSError."""
    try:
        held = json.loads(zlib.decompress(base64.b64decode(message, validate=True)))
    except (ValueError, zlib.error) as error:
        raise TransferFailed(f"the outputs did not come whole: {message[:200]!r}") from error
    for path, kind, mode, _size, data in held:
        target = taken.target(path)
        if kind == "folder":
            _folder(target)
        elif path not in taken.done:
            taken.done.add(path)
            _folder(target.parent)
            with open(target, "wb", opener=private) as file:
                file.write(base64.b64decode(data))
            target.chmod(_mode(mode))


class Talk:
    """Lines and bytes to and from a program in a container."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket, self._held, self._errors = socket, b"", b""

    async def say(self, what: object) -> None:
        """Send a line."""
        await self.write(json.dumps(what).encode() + b"\n")

    async def write(self, data: bytes) -> None:
        """Send bytes. Raises Broken."""
        if self._socket.closed:
            raise Broken("the connection to the pod has ended")
        await self._socket.send_bytes(bytes([_STDIN]) + data)

    async def hear(self) -> dict[str, object]:
        """The next line. Raises Broken."""
        while b"\n" not in self._held:
            self._held += await self._more()
        line, _, self._held = self._held.partition(b"\n")
        found: dict[str, object] = json.loads(line)
        return found

    async def read(self, size: int) -> AsyncIterator[bytes]:
        """So many bytes, in pieces. Raises Broken."""
        while size:
            piece = self._held or await self._more()
            piece, self._held = piece[:size], piece[size:]
            size -= len(piece)
            yield piece

    async def closed(self) -> None:
        """Until the program has ended."""
        try:
            while True:
                await self._more()
        except Broken:
            return

    async def _more(self) -> bytes:
        while True:
            message = await self._socket.receive()
            if not isinstance(message.data, bytes):
                raise Broken(self._errors.decode(errors="replace").strip()[-300:] or "the connection to the pod broke")
            channel, data = message.data[0], message.data[1:]
            if channel == _STDOUT and data:
                return data
            if channel == _STDERR:
                self._errors += data
            if channel == _STATUS:
                raise Broken(self._errors.decode(errors="replace").strip()[-300:] or data.decode(errors="replace"))


async def _tried(api: Api, pod: str, container: str, verb: str, once: Conversation) -> None:
    """Talk with a program in the pod until it succeeds; while the server is away, for as long as that is borne."""
    clock = asyncio.get_running_loop().time
    heard, fails = clock(), 0
    last: ExecutorError | Broken | None = None
    while fails < _TRIES and clock() - heard < api.reconnect_s:
        try:
            async with api.run(pod, container, [*STAGE_COMMAND, verb]) as socket:
                heard = clock()
                await once(Talk(socket))
            return
        except ClusterRefused as error:
            if error.status in (403, 404):
                raise TransferFailed(error) from error
            last, heard, fails = error, clock(), fails + 1
        except Broken as error:
            last = error
            if not api.outage.on:
                heard, fails = clock(), fails + 1
        await asyncio.sleep(_PAUSE_S)
    raise TransferFailed(f"files could not be copied: {last}")


def _entries(paths: list[Path]) -> Iterator[tuple[Path, Head]]:
    for top in paths:
        for path in (top, *sorted(top.rglob("*"))) if top.is_dir() else (top,):
            about = path.stat()
            kind, size = ("folder", 0) if path.is_dir() else ("file", about.st_size)
            yield path, {"path": str(path), "kind": kind, "mode": about.st_mode & 0o777, "size": size, "offset": 0}


async def _send_file(talk: Talk, path: Path, head: Head) -> None:
    digest, position = hashlib.sha256(), 0
    with path.open("rb") as file:
        while position < head["size"]:
            chunk = await asyncio.to_thread(file.read, min(_CHUNK, head["size"] - position))
            if not chunk:
                raise TransferFailed(f"{path} became shorter while it was read")
            digest.update(chunk)
            position += len(chunk)
            if position > head["offset"]:
                await talk.write(chunk[max(0, len(chunk) - (position - head["offset"])) :])
    await talk.say({"digest": digest.hexdigest()})


async def _receive(talk: Talk, head: Head, taken: Received) -> None:
    target = taken.target(head["path"])
    if head["kind"] == "folder":
        _folder(target)
        return
    _folder(target.parent)
    taken.part, part = head["path"], _part(head["path"])
    digest = hashlib.sha256()
    if head["offset"]:
        await asyncio.to_thread(_hash, part, digest)
    with open(part, "ab" if head["offset"] else "wb", opener=private) as file:  # noqa: ASYNC230 - a chunk is written in no time
        async for chunk in talk.read(head["size"] - head["offset"]):
            digest.update(chunk)
            file.write(chunk)
    taken.part = ""
    if (await talk.hear())["digest"] != digest.hexdigest():
        part.unlink()
        raise Broken(f"{head['path']} was damaged on its way")
    part.chmod(_mode(head["mode"]))
    part.replace(target)
    taken.done.add(head["path"])


def _hash(path: Path, digest: hashlib._Hash) -> None:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)


def _part(path: str) -> Path:
    target = Path(path)
    return target.with_name(f".{target.name}.part")


def _folder(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def _mode(mode: int) -> int:
    """What was written elsewhere is private here."""
    return 0o700 if mode & 0o100 else 0o600
