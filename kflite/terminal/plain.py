"""The view for a pipe, a file or a CI log: a line for each thing that happens, never written over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from kflite.core.event import Event, Kind, State
from kflite.core.value import Value
from kflite.format import clean, duration
from kflite.runs.progress import Board, Seen
from kflite.terminal.out import Out
from kflite.terminal.style import STYLES, Line, Span

EVERY_S = 0.05  # seconds between two looks at the store: what happens meanwhile comes in one batch


class Silent:
    """Shows nothing of the run; the program's own words go to `out`."""

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
    """Writes lines. log: the log file of a task's attempt, None where nothing was written."""

    every_s: float | None = EVERY_S

    def __init__(self, out: Out, board: Board, log: Callable[[str, int], Path | None]) -> None:
        self._out, self._board, self._log = out, board, log

    def show(self, events: Iterable[Event]) -> None:
        """A line for each of those that are worth one."""
        lines: list[Line] = []
        for event in events:
            seen = self._board.apply(event)
            if seen and not seen.group:
                lines += self._task(event, seen)
        if lines:
            self._out.lines(lines)

    def say(self, text: str) -> None:
        """A word of the program's own."""
        self._out.line((text, "yellow"))

    def close(self) -> None:
        """Every line is written already."""

    def _task(self, event: Event, seen: Seen) -> list[Line]:
        match event.kind:
            case Kind.TASK_STARTING:
                attempt = f", attempt {event.attempt}" if event.attempt > 1 else ""
                return [self._line(State.RUNNING, event, f"started{attempt}")]
            case Kind.TASK_NOTED:
                return [self._line(seen.state, event, _why(event.data) or "waits no longer")]
            case Kind.TASK_STOPPING:
                return [self._line(State.STOPPING, event, f"stopping: {_why(event.data)}")]
            case Kind.TASK_RETRYING:
                delay = event.data.get("delay") or 0.0
                text = f"failed: {_why(event.data)}; again in {duration(float(delay))}"  # type: ignore[arg-type]
                return [self._line(State.FAILED, event, text)]
            case Kind.TASK_SUCCEEDED | Kind.TASK_SKIPPED | Kind.TASK_CANCELLED:
                return [self._line(seen.state, event, f"{seen.state.value.lower()}{_time(seen)}{_brackets(event.data)}")]
            case Kind.TASK_FAILED:
                return [self._line(State.FAILED, event, f"FAILED{_time(seen)}: {_why(event.data)}"), *self._where(event)]
            case _:
                return []

    def _line(self, state: State, event: Event, text: str) -> Line:
        sign: Span = (f"{self._out.signs.states[state]} ", STYLES[state])
        return (sign, (clean(event.task), ""), (f"  {text}", "red" if state == State.FAILED else "dim"))

    def _where(self, event: Event) -> list[Line]:
        log = self._log(event.task, event.attempt) if event.attempt else None
        return [((f"  log: {log}", "dim"),)] if log else []


def _why(data: Mapping[str, Value]) -> str:
    reason, message = str(data.get("reason", "")), str(data.get("message", ""))
    return clean(f"{reason}: {message}" if reason and message else reason or message)


def _brackets(data: Mapping[str, Value]) -> str:
    why = _why(data)
    return f"  ({why})" if why else ""


def _time(seen: Seen) -> str:
    return f"  {duration(seen.ended - seen.started)}" if seen.ended and seen.started else ""
