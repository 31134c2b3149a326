"""The view for a pipe, a file or a CI log: a line for each event, never overwritten."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from kflite.core.event import Event
from kflite.core.event_kind import State
from kflite.core.task_event import (
    TaskCancelled,
    TaskFailed,
    TaskRetrying,
    TaskSkipped,
    TaskStarting,
    TaskStopping,
    TaskSucceeded,
    TaskWaiting,
)
from kflite.format import clean, duration
from kflite.runs.progress import RunProgress, TaskProgress
from kflite.terminal.out import Out
from kflite.terminal.style import STYLES, Line, Span

EVERY_S = 0.05  # between two reads of the store, whose events come in batches


class Silent:
    """Shows nothing of the run; messages go to `out`."""

    every_s: float | None = None

    def __init__(self, out: Out) -> None:
        self._out = out

    def show(self, events: Iterable[Event]) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """A word of the program's own."""
        self._out.line((text, "yellow"))

    def close(self) -> None:
        """Nothing was begun."""


class Plain:
    """Writes lines. log: maps a task and attempt to its log file, None if there is none."""

    every_s: float | None = EVERY_S

    def __init__(self, out: Out, board: RunProgress, log: Callable[[str, int], Path | None]) -> None:
        self._out, self._board, self._log = out, board, log

    def show(self, events: Iterable[Event]) -> None:
        """Write a line for each relevant event."""
        lines: list[Line] = []
        for event in events:
            task = self._board.apply(event)
            if task and not task.group:
                lines += self._task(event, task)
        if lines:
            self._out.lines(lines)

    def say(self, text: str) -> None:
        """A word of the program's own."""
        self._out.line((text, "yellow"))

    def close(self) -> None:
        """Every line is written already."""

    def _task(self, event: Event, seen: TaskProgress) -> list[Line]:
        match event.data:
            case TaskStarting():
                attempt = f", attempt {event.attempt}" if event.attempt > 1 else ""
                return [self._line(State.RUNNING, event, f"started{attempt}")]
            case TaskWaiting(reason, message):
                return [self._line(seen.state, event, _why(reason, message) or "waits no longer")]
            case TaskStopping(reason):
                return [self._line(State.STOPPING, event, f"stopping: {clean(reason)}")]
            case TaskRetrying(_, reason, message, delay_s):
                text = f"failed: {_why(reason, message)}; again in {duration(delay_s)}"
                return [self._line(State.FAILED, event, text)]
            case TaskSucceeded() | TaskSkipped() | TaskCancelled() as end:
                why = f"  ({text})" if (text := _why(end.reason, end.message)) else ""
                return [self._line(seen.state, event, f"{seen.state.value.lower()}{_time(seen)}{why}")]
            case TaskFailed(_, reason, message):
                text = f"FAILED{_time(seen)}: {_why(reason, message)}"
                return [self._line(State.FAILED, event, text), *self._where(event)]
            case _:
                return []

    def _line(self, state: State, event: Event, text: str) -> Line:
        sign: Span = (f"{self._out.signs.states[state]} ", STYLES[state])
        return (sign, (clean(event.task), ""), (f"  {text}", "red" if state == State.FAILED else "dim"))

    def _where(self, event: Event) -> list[Line]:
        log = self._log(event.task, event.attempt) if event.attempt else None
        return [((f"  log: {log}", "dim"),)] if log else []


def _why(reason: str, message: str) -> str:
    return clean(f"{reason}: {message}" if reason and message else reason or message)


def _time(seen: TaskProgress) -> str:
    return f"  {duration(seen.ended - seen.since)}" if seen.ended and seen.since else ""
