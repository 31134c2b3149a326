"""Text for people: values, times, sizes and numbers in a line. No terminal, no HTML, no I/O."""

from __future__ import annotations

import re
from datetime import datetime

from kflite.core.value import Value

_STYLE = re.compile(r"\x1b\[[0-9;:]*m")  # colours, and the like, which say nothing without a terminal
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Text of others on one line, without characters that would move a terminal's cursor or turn its writing round."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", " ".join(_STYLE.sub("", text).split("\n")).replace("\t", " "))


def value(given: Value, longest: int = 100) -> str:
    """A parameter's value in a line: text as it is, anything else as JSON."""
    import json

    text = clean(given if isinstance(given, str) else json.dumps(given, ensure_ascii=False))
    return text if len(text) <= longest else text[: longest - 1] + "…"


def short(given: Value) -> str:
    """A value where there is little room: numbers to six digits."""
    return f"{given:.6g}" if isinstance(given, float) else value(given, 24)


def duration(seconds: float | None) -> str:
    """`12 ms`, `3.4 s`, `2 min 05 s`, `3 h 12 min`; "" for None."""
    if seconds is None:
        return ""
    if seconds < 0.9995:
        return f"{max(seconds, 0) * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def size(count: int) -> str:
    """Bytes as people read them: `512 B`, `3.2 MB`."""
    number, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while number >= 999.5 and len(units) > 1:
        number, units = number / 1000, units[1:]
    return f"{number:.0f} {units[0]}" if units[0] == "B" else f"{number:.1f} {units[0]}"


def clock(at: float | None) -> str:
    """A moment in local time, for people; "" for None."""
    return "" if at is None else datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def moment(at: float, now: float) -> str:
    """A moment in local time as short as it can be told apart: `14:03:12` of today, `11-24 14:03` of this year."""
    then, today = (datetime.fromtimestamp(each).astimezone() for each in (at, now))
    if then.date() == today.date():
        return then.strftime("%H:%M:%S")
    return then.strftime("%m-%d %H:%M" if then.year == today.year else "%Y-%m-%d")


def count(held: float) -> str:
    """How many; weighted counts may be no integers."""
    return str(int(held)) if held == int(held) else f"{held:.4g}"


def percent(share: float | None) -> str:
    """A share, `97.3 %`; all of it and nothing only where it is so. A dash where there is none."""
    if share is None:
        return "-"
    if share in (0, 1):
        return f"{share:.0%}".replace("%", " %")
    return f"{min(share, 0.999):.1%}".replace("%", " %") if share >= 0.001 else "<0.1 %"


def change(old: float, new: float, parts: bool = True) -> str:
    """From one number to another: `+0.012 (+1.3 %)`; "" where they are the same. parts: say what part of the old it is."""
    if new == old or old != old or new != new:  # noqa: PLR0124 - not a number
        return ""
    part = f" ({(new - old) / abs(old):+.1%})".replace("%", " %") if old and parts else ""
    return f"{new - old:+.4g}{part}"
