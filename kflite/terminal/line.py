"""The view for a notebook: one line that is overwritten; no widget is needed."""

from __future__ import annotations

import time
from collections.abc import Iterable

from kflite.core.event import Event
from kflite.format import clean, duration
from kflite.runs.progress import RunProgress
from kflite.terminal.out import Out
from kflite.terminal.tree import progress

EVERY_S = 0.25


class OneLine:
    """Shows the run's progress and failed tasks."""

    every_s: float | None = EVERY_S

    def __init__(self, out: Out, board: RunProgress) -> None:
        self._out, self._board = out, board
        self._width = 0

    def show(self, events: Iterable[Event]) -> None:
        """Apply the events, and rewrite the line."""
        for event in events:
            self._board.apply(event)
        self._write(line(self._board, time.time()))

    def say(self, text: str) -> None:
        """Show a message on its own line."""
        self._write(text)
        self._end()

    def close(self) -> None:
        """Leave the last line."""
        self._end()

    def _write(self, text: str) -> None:
        self._out.stream.write("\r" + text.ljust(self._width))
        self._out.stream.flush()
        self._width = len(text)

    def _end(self) -> None:
        self._out.stream.write("\n")
        self._out.stream.flush()
        self._width = 0


def line(board: RunProgress, now: float) -> str:
    """The run in one line: `digits-… RUNNING 12 s, 3/7 tasks, at work: fit, failed: split`."""
    done, total = progress(board, "")
    elapsed = duration((board.ended or now) - board.created) if board.created else ""
    parts = [f"{board.run} {board.state} {elapsed}", f"{done}/{total} tasks"]
    for word, tasks in (("at work", board.active), ("failed", board.failed)):
        if tasks:
            parts.append(f"{word}: {clean(', '.join(list(tasks)[-3:]))}")
    return ", ".join(parts)
