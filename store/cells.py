"""What goes into a database's cells: texts that every database takes, and JSON that is compact."""

from __future__ import annotations

import json
import sys
from typing import TypeAlias

from kflite.core.event import Event
from kflite.core.value import Value

Cell: TypeAlias = "str | int | float | bool | None"
Change: TypeAlias = "tuple[str, tuple[Cell, ...]]"

# What a column of numbers holds; what is larger, infinite or no number is in the event alone.
LARGEST = sys.float_info.max

# Compact JSON, in ASCII: so a text holds whatever a task printed, also what is not UTF-8.
dumps = json.JSONEncoder(separators=(",", ":")).encode


def clean(text: str) -> str:
    """The text as a database takes it: what is not Unicode is replaced, and so is the letter zero."""
    return text if text.isprintable() else text.encode(errors="replace").decode().replace("\0", "\ufffd")


def word(event: Event, name: str) -> str:
    """A text that an event holds, "" where it holds none."""
    value = event.data.get(name)
    return "" if value is None else clean(str(value))


def number(value: Value) -> float | None:
    """The value as a number of a column, None where it is none."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST:
        return float(value)
    return None
