"""The meaning of exit statuses. Pure, except for reading a log's last line."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

from kflite.core.job import Exit
from kflite.executors.logtail import last_line

_SHORT = 300  # characters
_TOO_LONG = re.compile("(.*docker-init|exec /[^ ]*): argument list too long")  # of Docker, and of runc
SIGNALLED = 128  # a status above it is that of a process killed by a signal


def lost(why: str) -> Exit:
    """The exit of an attempt whose end is unknown."""
    return Exit(-1, "Lost", why, lost=True)


def exited(code: int, log: Path, note: str = "") -> Exit:
    """The exit of a process that ended by itself with this exit status, as a shell reports it.

    note: a line of ours in its log, which is nobody's last word.
    """
    if code == 0:
        return Exit(0)
    last = last_words(log)
    last = "" if note and last == note[:_SHORT].strip() else last
    if code == 137 and last.startswith("MemoryError"):
        return Exit(code, "OutOfMemory", "memory ran out")
    if code - SIGNALLED in set(_signals()):
        return Exit(SIGNALLED - code, "Killed", f"killed by {signal.Signals(code - SIGNALLED).name}")
    if code == 1 and _TOO_LONG.fullmatch(last.lower()):
        return Exit(code, "ArgumentTooLong", "its arguments and environment together are longer than the kernel takes")
    reason = {126: "NotExecutable", 127: "CommandNotFound"}.get(code, "Error")
    return Exit(code, reason, f"exit status {code}" + (f": {last}" if last else ""))


def _signals() -> Iterator[int]:
    return (number.value for number in signal.Signals)


def last_words(log: Path) -> str:
    """The last non-empty line of a log, shortened."""
    return last_line(str(log))[:_SHORT]
