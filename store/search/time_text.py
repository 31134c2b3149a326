"""Times and durations as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)")
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
_INSTANT_S = 1e-6


def duration_s(text: str) -> float | None:
    """`90`, `90s`, `30m`, `1.5h` or `7d` in seconds; None for other text."""
    match = _DURATION.fullmatch(text)
    return float(match[1]) * _UNITS[match[2]] if match else None


def time_range(text: str, now: float) -> tuple[float, float] | None:
    """The beginning and end, in Unix seconds, of a day, minute or second, or of `-7d` before `now`; None for other text.

    Times without a zone are in this machine's.
    """
    if text.startswith("-"):
        ago = duration_s(text[1:])
        return None if ago is None else (now - ago, now - ago + _INSTANT_S)
    match = _ISO.fullmatch(text)
    if not match:
        return None
    try:
        begin = datetime.fromisoformat(text).astimezone()
        return begin.timestamp(), (begin.astimezone(UTC) + _length(match[2], match[3])).timestamp()
    except (ValueError, OverflowError):
        return None


def _length(minute: str | None, second: str | None) -> timedelta:
    if not minute:
        return timedelta(days=1)
    if not second:
        return timedelta(minutes=1)
    return timedelta(seconds=1) if len(second) == 3 else timedelta(seconds=_INSTANT_S)
