"""Lines of styled text, which all views produce, for terminals, pipes and live displays."""

from __future__ import annotations

from collections.abc import Iterable

from kflite.core.event_kind import State
from kflite.core.frozen import dataclass

Span = tuple[str, str]  # text, and a style: words of `_CODES`, "" for none
Line = tuple[Span, ...]

_CODES = {"bold": "1", "dim": "2", "italic": "3", "underline": "4"}
_CODES |= {"red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35", "cyan": "36"}

STYLES = {
    State.QUEUED: "dim",
    State.STARTING: "cyan",
    State.RUNNING: "cyan",
    State.STOPPING: "yellow",
    State.SUSPENDED: "dim",
    State.SUCCEEDED: "green",
    State.FAILED: "bold red",
    State.CANCELLED: "yellow",
    State.SKIPPED: "dim",
}


@dataclass(frozen=True, slots=True)
class Signs:
    """The characters that a terminal can show: one for each state, and the branches of a tree."""

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


_UNICODE = Signs(dict(zip(State, "○◌●◍◫✓✗⊘∅", strict=True)), "├─ ", "└─ ", "│  ", "…", "→")
_ASCII = Signs(dict(zip(State, ".o*~=+x!-", strict=True)), "|- ", "`- ", "|  ", "...", "->")


def signs(encoding: str | None) -> Signs:
    """The signs for an encoding."""
    try:
        "○◌●◍◫✓✗⊘∅├─└│…→".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return _ASCII
    return _UNICODE


def plain(line: Iterable[Span]) -> str:
    """The text without styles."""
    return "".join(text for text, _ in line)


def ansi(line: Iterable[Span]) -> str:
    """The text with a terminal's colours."""
    return "".join(_coloured(text, style) for text, style in line)


def _coloured(text: str, style: str) -> str:
    codes = ";".join(_CODES[word] for word in style.split())
    return f"\x1b[{codes}m{text}\x1b[0m" if codes and text else text


def columns(text: str) -> int:
    """The columns of a text in a terminal; Chinese characters and emoji take two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def crop(text: str, width: int) -> str:
    """The beginning of a text that fits into `width` columns."""
    if text.isascii() or columns(text) <= width:
        return text[:width]
    from rich.cells import set_cell_size

    return set_cell_size(text, max(width, 0))


def pad(text: str, width: int, right: bool = False) -> str:
    """The text, padded to a width in columns. right: align to the right."""
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
