"""Lines of styled text: what every view is made of, whether it ends in a terminal, a pipe or a live display."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kflite.event import State
from kflite.value import Value

Span = tuple[str, str]  # text, and a style: words of `_CODES`, "" for none
Line = tuple[Span, ...]

_CODES = {"bold": "1", "dim": "2", "italic": "3", "underline": "4"}
_CODES |= {"red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35", "cyan": "36"}
_STYLE = re.compile(r"\x1b\[[0-9;:]*m")  # colours, and the like, which say nothing without a terminal
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

STYLES = {
    State.QUEUED: "dim",
    State.STARTING: "cyan",
    State.RUNNING: "cyan",
    State.STOPPING: "yellow",
    State.SUCCEEDED: "green",
    State.FAILED: "bold red",
    State.CANCELLED: "yellow",
    State.SKIPPED: "dim",
}


@dataclass(frozen=True, slots=True)
class Signs:
    """The characters that a terminal can show: one per state, and the branches of a tree."""

    states: dict[State, str]
    tee: str
    corner: str
    bar: str
    more: str
    arrow: str

    @property
    def unicode(self) -> bool:
        """Whether the terminal has more than ASCII."""
        return not self.tee.isascii()


_UNICODE = Signs(dict(zip(State, "○◌●◍✓✗⊘∅", strict=True)), "├─ ", "└─ ", "│  ", "…", "→")
_ASCII = Signs(dict(zip(State, ".o*~+x!-", strict=True)), "|- ", "`- ", "|  ", "...", "->")


def signs(encoding: str | None) -> Signs:
    """Those that can be written in this encoding."""
    try:
        "○◌●◍✓✗⊘∅├─└│…→".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return _ASCII
    return _UNICODE


def plain(line: Iterable[Span]) -> str:
    """The text alone."""
    return "".join(text for text, _ in line)


def ansi(line: Iterable[Span]) -> str:
    """The text with a terminal's colours."""
    return "".join(_coloured(text, style) for text, style in line)


def _coloured(text: str, style: str) -> str:
    codes = ";".join(_CODES[word] for word in style.split())
    return f"\x1b[{codes}m{text}\x1b[0m" if codes and text else text


def clean(text: str) -> str:
    """Text of others on one line, without characters that would move a terminal's cursor or turn its writing round."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", " ".join(_STYLE.sub("", text).split("\n")).replace("\t", " "))


def columns(text: str) -> int:
    """How many columns of a terminal the text takes: Chinese characters and emoji take two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def crop(text: str, width: int) -> str:
    """The beginning of a text that fits into so many columns."""
    if text.isascii() or columns(text) <= width:
        return text[:width]
    from rich.cells import set_cell_size

    return set_cell_size(text, max(width, 0))


def pad(text: str, width: int, right: bool = False) -> str:
    """The text with spaces up to a width in columns, on its right, or with `right` standing to the right."""
    spaces = " " * (width - columns(text))
    return spaces + text if right else text + spaces


def clip(line: Line, width: int, more: str = "…") -> Line:
    """The line, cut to a width in columns."""
    if sum(columns(text) for text, _ in line) <= width:
        return line
    left, out = max(width - len(more), 0), []
    for text, style in line:
        out.append((crop(text, left), style))
        left -= columns(text)
        if left <= 0:
            break
    return (*out, (more, "dim"))


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


def value(given: Value, longest: int = 100) -> str:
    """A parameter's value in a line: text as it is, anything else as JSON."""
    import json

    text = clean(given if isinstance(given, str) else json.dumps(given, ensure_ascii=False))
    return text if len(text) <= longest else text[: longest - 1] + "…"
