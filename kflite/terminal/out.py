"""An output stream, with the colours, characters and width that it supports."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from math import isfinite, isnan
from typing import TextIO

from kflite.core.value import Value
from kflite.terminal.style import Line, Signs, Span, ansi, columns, crop, pad, plain, signs

_GAP = 2  # characters between columns
_NARROWEST = 6  # least characters of a cut column
_TYPEWRITER = str.maketrans("·…→", ".~>")  # for ASCII streams


class Out:
    """A stream for people, or for programs that read the same text."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.terminal = stream.isatty()

    @property
    def coloured(self) -> bool:
        """Whether colours are used: in a terminal, unless NO_COLOR is set."""
        return self.terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    @property
    def live(self) -> bool:
        """Whether written text can be overwritten."""
        return self.terminal and os.environ.get("TERM") != "dumb"

    @property
    def signs(self) -> Signs:
        """The signs for the stream's encoding."""
        return signs(self.stream.encoding)

    @property
    def width(self) -> int:
        """The terminal's columns; unlimited for a pipe."""
        return shutil.get_terminal_size().columns if self.terminal else 10_000

    @property
    def height(self) -> int:
        """The terminal's lines."""
        return shutil.get_terminal_size().lines

    def line(self, *spans: Span | str) -> None:
        """One line."""
        self.lines([tuple((span, "") if isinstance(span, str) else span for span in spans)])

    def lines(self, many: Iterable[Line]) -> None:
        """Write lines at once; characters that the stream cannot encode are replaced."""
        write = ansi if self.coloured else plain
        text = "".join(write(each).rstrip() + "\n" for each in many)
        encoding = self.stream.encoding or "utf-8"
        if not self.signs.unicode:
            text = text.translate(_TYPEWRITER)
        self.stream.write(text.encode(encoding, "replace").decode(encoding))
        self.stream.flush()

    def document(self, data: Value) -> None:
        """Write indented JSON in ASCII, for any encoding."""
        self.stream.write(json.dumps(_finite(data), indent=2, allow_nan=False) + "\n")
        self.stream.flush()

    def table(self, head: Sequence[str], rows: Sequence[Sequence[Span]], firm: int = 1, spare: Sequence[str] = ()) -> None:
        """Write columns under a head, as wide as their longest cells; empty ones are left out.

        If there is no room, columns in `spare` are dropped, then all but the `firm` first ones are cut.
        """
        all_rows = [tuple((name, "dim") for name in head), *rows]
        longest = [max(columns(row[i][0]) for row in all_rows) for i in range(len(head))]
        visible = [i for i in range(len(head)) if not i or not rows or any(row[i][0] for row in rows)]
        for name in spare:
            if _total(longest[i] for i in visible) > self.width:
                visible = [i for i in visible if head[i] != name]
        widths = [longest[i] for i in visible]
        narrow(widths, self.width - _GAP * (len(visible) - 1), firm)
        self.lines(_row([row[i] for i in visible], widths, self.signs.more) for row in all_rows)


def _finite(data: Value) -> Value:
    """The data with non-finite numbers as in proto3 JSON: "NaN", "Infinity", "-Infinity"."""
    if isinstance(data, float) and not isfinite(data):
        return "NaN" if isnan(data) else "Infinity" if data > 0 else "-Infinity"
    if isinstance(data, list):
        return [_finite(item) for item in data]
    return {name: _finite(item) for name, item in data.items()} if isinstance(data, dict) else data


def narrow(widths: list[int], room: int, firm: int) -> None:
    """Reduce the widest columns until all fit, or none can be cut further."""
    while sum(widths) > room:
        widest = max(range(firm, len(widths)), key=widths.__getitem__, default=-1)
        if widest < 0 or widths[widest] <= _NARROWEST:
            return
        widths[widest] -= 1


def _total(widths: Iterable[int]) -> int:
    all_rows = list(widths)
    return sum(all_rows) + _GAP * (len(all_rows) - 1)


def _row(cells: Sequence[Span], widths: Sequence[int], more: str) -> Line:
    *before, (last, style) = cells
    padded = [(pad(cut(text, width, more), width + _GAP), style) for (text, style), width in zip(before, widths, strict=False)]
    return (*padded, (cut(last, widths[-1], more), style))


def cut(text: str, width: int, more: str) -> str:
    """A text in at most `width` columns; a long one loses its middle, as the ends distinguish paths and names."""
    if columns(text) <= width:
        return text
    left = (width - len(more) + 1) // 2
    return crop(text, left) + more + crop(text[::-1], width - len(more) - left)[::-1]
