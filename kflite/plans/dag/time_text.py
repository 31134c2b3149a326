"""Macros in a run's parameters: `[[RunUUID]]`, `[[Index]]`, `[[CurrentTime]]`, `[[ScheduledTime.LAYOUT]]`.

A run without a schedule counts as the first, scheduled when it was created. A layout shows how Monday, 2 January 2006, 15:04:05
is written; times are UTC. Source: KFP's recurring runs, whose layouts are those of Go's package time.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from kflite.core.plan import Origin
from kflite.core.value import Value

_MACRO = r"\[\[(?:(RunUUID|Index)|(?:ScheduledTime|CurrentTime)(?:\.(.+?))?)\]\]"
_LAYOUT = "20060102150405"
_LAYOUT_PARTS = {
    "2006": "%Y",
    "January": "%B",
    "Jan": "%b",
    "Monday": "%A",
    "Mon": "%a",
    "002": "%j",
    "06": "%y",
    "01": "%m",
    "02": "%d",
    "15": "%H",
    "03": "%I",
    "04": "%M",
    "05": "%S",
    "PM": "%p",
    "MST": "UTC",
    "Z07:00": "Z",
    "Z0700": "Z",
    "-07:00": "+00:00",
    "-0700": "+0000",
    "-07": "+00",
    "_2": "%e",
}
_BARE = {"1": "%m", "2": "%d", "3": "%I", "4": "%M", "5": "%S"}  # without a leading zero
_LAYOUT_PART = "|".join([*map(re.escape, sorted(_LAYOUT_PARTS, key=len, reverse=True)), r"[.,]0+(?!\d)", *_BARE])


def fill_time_macros(value: Value, origin: Origin) -> Value:
    """The value with macros replaced, also inside lists and structs."""
    if isinstance(value, str):
        return re.sub(_MACRO, lambda match: _text(match, origin), value) if "[[" in value else value
    if isinstance(value, list):
        return [fill_time_macros(item, origin) for item in value]
    return {name: fill_time_macros(item, origin) for name, item in value.items()} if isinstance(value, dict) else value


def _text(match: re.Match[str], origin: Origin) -> str:
    if match[1]:
        return origin.run if match[1] == "RunUUID" else "1"
    at = datetime.fromtimestamp(origin.created, UTC)
    return re.sub(_LAYOUT_PART, lambda part: _formatted(part[0], at), match[2] or _LAYOUT)


def _formatted(part: str, at: datetime) -> str:
    if part[0] in ".,":
        return part[0] + f"{at.microsecond:06d}"[: len(part) - 1].ljust(len(part) - 1, "0")
    if part in _BARE:
        return at.strftime(_BARE[part]).lstrip("0")
    return at.strftime(_LAYOUT_PARTS[part])
