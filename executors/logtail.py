"""The last line of a log, which often says why a task failed. Standard library only, as zygotes load this file by its path."""

from __future__ import annotations

import os
import re

_TAIL = 2048  # bytes of a log in which its last line is looked for
_SHORT = 300  # characters
# What moves a terminal's cursor, or colours what it writes: ECMA-48's control sequences, strings and escapes.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[]PX^_].*?(?:\x07|\x1b\\|$)|[ -/]*[0-~])")


def last_words(log: str) -> str:
    """The last line of a log, as the end of a message; "" where there is none."""
    last = last_line(log)
    return f": {last[-_SHORT:]}" if last else ""


def last_line(log: str) -> str:
    """The last non-empty line of a log, without terminal codes; "" for none."""
    try:
        with open(log, "rb") as file:
            file.seek(max(0, os.path.getsize(log) - _TAIL))
            lines = _ESCAPES.sub("", file.read().decode(errors="replace")).split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
