"""Follows the log files of a run: events tell which files there are, and reading them shows what is new."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

from kflite.core.event import Event
from kflite.core.event_kind import Kind
from kflite.core.paths import RunPaths
from kflite.runs.log_files import local_logs, log_files, matches_replica, title
from kflite.store import Database
from kflite.store.follow import follow

EVERY_S = 0.1  # files tell nobody that they grow
_CHUNK = 1 << 20  # bytes read at once from one file

_GOING = (Kind.TASK_STARTING, Kind.TASK_RUNNING, Kind.TASK_STOPPING)

Write = Callable[[str, bytes], None]  # a title, and whole lines


class Tail:
    """A growing file, read in whole lines."""

    def __init__(self, path: Path, title: str) -> None:
        self.path, self.title = path, title
        self._offset, self._part = 0, b""

    def read(self, write: Write) -> bool:
        """Pass on the next lines; returns whether there were any."""
        with self.path.open("rb") as file:
            file.seek(self._offset)
            new = file.read(_CHUNK)
        self._offset += len(new)
        whole, newline, part = (self._part + new).rpartition(b"\n")
        self._part = part
        if newline:
            write(self.title, whole + newline)
        return bool(new)

    def close(self, write: Write) -> None:
        """Pass on what follows the last newline."""
        if self._part:
            write(self.title, self._part + b"\n")
            self._part = b""


class Tails:
    """The log files of known attempts. chosen: the task to follow, "" for all."""

    def __init__(self, paths: RunPaths, chosen: str, replica: str) -> None:
        self._paths, self._chosen, self._replica = paths, chosen, replica
        self._attempts: dict[tuple[str, int], bool] = {}  # whether it has ended
        self._tails: dict[Path, tuple[Tail, str, int]] = {}

    def hear(self, event: Event) -> None:
        """Apply an event of an attempt that begins or ends."""
        if event.attempt and (not self._chosen or event.task == self._chosen):
            self._attempts[event.task, event.attempt] = event.kind not in _GOING

    def read(self, write: Write) -> bool:
        """Pass on what is new in all files; files of ended attempts are read to their end and closed."""
        news = False
        for (task, attempt), ended in list(self._attempts.items()):
            tails = self._of(task, attempt, log_files if ended else local_logs)
            more = [tail.read(write) for tail in tails]
            news = news or any(more)
            if ended and not any(more):
                self._drop(task, attempt, tails, write)
        return news

    def _of(self, task: str, attempt: int, files: Callable[[RunPaths, str, int], list[Path]]) -> list[Tail]:
        for path in files(self._paths, task, attempt):
            if path not in self._tails and matches_replica(path, self._replica):
                self._tails[path] = Tail(path, title(task, path)), task, attempt
        return [tail for tail, *of in self._tails.values() if of == [task, attempt]]

    def _drop(self, task: str, attempt: int, tails: list[Tail], write: Write) -> None:
        del self._attempts[task, attempt]
        for tail in tails:
            tail.close(write)
            del self._tails[tail.path]


async def follow_logs(store: Database, run: str, tails: Tails, write: Write) -> None:
    """Pass on the output of the run's tasks, from the beginning, until the run has ended."""
    ended = asyncio.ensure_future(_listen(store, run, tails))
    while not ended.done():
        tails.read(write)
        await asyncio.wait({ended}, timeout=EVERY_S)
    await ended
    while tails.read(write):
        pass


async def _listen(store: Database, run: str, tails: Tails) -> None:
    async with aclosing(follow(store, run)) as batches:
        async for batch in batches:
            for event in batch:
                tails.hear(event)
            if batch[-1].kind is Kind.RUN_ENDED and (await asyncio.to_thread(store.run, run)).state.ended:
                return
