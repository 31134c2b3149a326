"""Times and durations as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)")
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
_MOMENT_S = 1e-6


def duration_s(text: str) -> float | None:
    """`90`, `90s`, `30m`, `1.5h` or `7d` in seconds; None for what is no duration."""
    found = _DURATION.fullmatch(text)
    return float(found[1]) * _UNITS[found[2]] if found else None


def moment(text: str, now: float) -> tuple[float, float] | None:
    """The beginning and end, in Unix seconds, of what a time names: a day, a minute or a second, or so long before `now`.

    In this machine's zone unless it names one; None for what is no time.
    """
    if text.startswith("-"):
        ago = duration_s(text[1:])
        return None if ago is None else (now - ago, now - ago + _MOMENT_S)
    found = _ISO.fullmatch(text)
    if not found:
        return None
    try:
        begin = datetime.fromisoformat(text).astimezone()
        return begin.timestamp(), (begin.astimezone(UTC) + _length(found[2], found[3])).timestamp()
    except (ValueError, OverflowError):
        return None


def _length(minute: str | None, second: str | None) -> timedelta:
    if not minute:
        return timedelta(days=1)
    if not second:
        return timedelta(minutes=1)
    return timedelta(seconds=1) if len(second) == 3 else timedelta(seconds=_MOMENT_S)
