"""Text for people: values, times, sizes and numbers on one line. No terminal, no HTML, no I/O."""

from __future__ import annotations

import re
from datetime import datetime

from kflite.core.value import Value

_STYLE = re.compile(r"\x1b\[[0-9;:]*m")  # colours and the like
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Untrusted text on one line, without characters that move a terminal's cursor or change its writing direction."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", " ".join(_STYLE.sub("", text).split("\n")).replace("\t", " "))


def value(data: Value, longest: int = 100) -> str:
    """A parameter's value on one line: text unchanged, anything else as JSON."""
    import json

    text = clean(data if isinstance(data, str) else json.dumps(data, ensure_ascii=False))
    return text if len(text) <= longest else text[: longest - 1] + "…"


def short(data: Value) -> str:
    """A value in little room: floats to six digits."""
    return f"{data:.6g}" if isinstance(data, float) else value(data, 24)


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
    """A number of bytes: `512 B`, `3.2 MB`."""
    number, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while number >= 999.5 and len(units) > 1:
        number, units = number / 1000, units[1:]
    return f"{number:.0f} {units[0]}" if units[0] == "B" else f"{number:.1f} {units[0]}"


def clock(at: float | None) -> str:
    """A time in local time; "" for None."""
    return "" if at is None else datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def short_time(at: float, now: float) -> str:
    """A time in local time, as short as is unambiguous: `14:03:12` today, `11-24 14:03` this year."""
    then, today = (datetime.fromtimestamp(each).astimezone() for each in (at, now))
    if then.date() == today.date():
        return then.strftime("%H:%M:%S")
    return then.strftime("%m-%d %H:%M" if then.year == today.year else "%Y-%m-%d")


def count(number: float) -> str:
    """A count, which is no integer where it is weighted."""
    return str(int(number)) if number == int(number) else f"{number:.4g}"


def percent(share: float | None) -> str:
    """A share, `97.3 %`; 100 % and 0 % only if exact; a dash for None."""
    if share is None:
        return "-"
    if share in (0, 1):
        return f"{share:.0%}".replace("%", " %")
    return f"{min(share, 0.999):.1%}".replace("%", " %") if share >= 0.001 else "<0.1 %"


def change(old: float, new: float, parts: bool = True) -> str:
    """The change from one number to another: `+0.012 (+1.3 %)`; "" if they are equal. parts: add the percentage."""
    if new == old or old != old or new != new:  # noqa: PLR0124 - not a number
        return ""
    part = f" ({(new - old) / abs(old):+.1%})".replace("%", " %") if old and parts else ""
    return f"{new - old:+.4g}{part}"
