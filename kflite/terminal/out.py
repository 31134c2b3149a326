"""Where lines are written: a stream, with the colours, characters and width that it can show."""

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
_NARROWEST = 6  # characters of a column that is cut
_TYPEWRITER = str.maketrans("·…→", ".~>")  # for streams that have ASCII alone


class Out:
    """A stream for people, or for programs that read what people would."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.terminal = stream.isatty()

    @property
    def coloured(self) -> bool:
        """A terminal takes colours, unless NO_COLOR says no."""
        return self.terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    @property
    def live(self) -> bool:
        """Whether what was written can be written over."""
        return self.terminal and os.environ.get("TERM") != "dumb"

    @property
    def signs(self) -> Signs:
        """The signs that the stream's encoding has."""
        return signs(self.stream.encoding)

    @property
    def width(self) -> int:
        """Columns of the terminal; a pipe has no end."""
        return shutil.get_terminal_size().columns if self.terminal else 10_000

    @property
    def height(self) -> int:
        """Lines of the terminal."""
        return shutil.get_terminal_size().lines

    def line(self, *spans: Span | str) -> None:
        """One line."""
        self.lines([tuple((span, "") if isinstance(span, str) else span for span in spans)])

    def lines(self, many: Iterable[Line]) -> None:
        """Lines, at once; characters that the stream cannot encode are replaced."""
        write = ansi if self.coloured else plain
        text = "".join(write(each).rstrip() + "\n" for each in many)
        encoding = self.stream.encoding or "utf-8"
        if not self.signs.unicode:
            text = text.translate(_TYPEWRITER)
        self.stream.write(text.encode(encoding, "replace").decode(encoding))
        self.stream.flush()

    def document(self, data: Value) -> None:
        """JSON in one piece, readable, in ASCII so that every stream can carry it."""
        self.stream.write(json.dumps(_finite(data), indent=2, allow_nan=False) + "\n")
        self.stream.flush()

    def table(self, head: Sequence[str], rows: Sequence[Sequence[Span]], firm: int = 1, spare: Sequence[str] = ()) -> None:
        """Columns under a head, as wide as their longest cells; empty ones are left out.

        Where there is no room, the columns in `spare` go, and then all but the `firm` first ones are cut.
        """
        every = [tuple((name, "dim") for name in head), *rows]
        longest = [max(columns(row[i][0]) for row in every) for i in range(len(head))]
        kept = [i for i in range(len(head)) if not i or not rows or any(row[i][0] for row in rows)]
        for name in spare:
            if _total(longest[i] for i in kept) > self.width:
                kept = [i for i in kept if head[i] != name]
        widths = [longest[i] for i in kept]
        narrow(widths, self.width - _GAP * (len(kept) - 1), firm)
        self.lines(_row([row[i] for i in kept], widths, self.signs.more) for row in every)


def _finite(data: Value) -> Value:
    """The data with what JSON has no number for as a text, in the words of proto3 JSON: "NaN", "Infinity", "-Infinity"."""
    if isinstance(data, float) and not isfinite(data):
        return "NaN" if isnan(data) else "Infinity" if data > 0 else "-Infinity"
    if isinstance(data, list):
        return [_finite(item) for item in data]
    return {name: _finite(item) for name, item in data.items()} if isinstance(data, dict) else data


def narrow(widths: list[int], room: int, firm: int) -> None:
    """Take from the widest columns until all fit, or each that may be cut is as narrow as is of use."""
    while sum(widths) > room:
        widest = max(range(firm, len(widths)), key=widths.__getitem__, default=-1)
        if widest < 0 or widths[widest] <= _NARROWEST:
            return
        widths[widest] -= 1


def _total(widths: Iterable[int]) -> int:
    every = list(widths)
    return sum(every) + _GAP * (len(every) - 1)


def _row(cells: Sequence[Span], widths: Sequence[int], more: str) -> Line:
    *before, (last, style) = cells
    padded = [(pad(cut(text, width, more), width + _GAP), style) for (text, style), width in zip(before, widths, strict=False)]
    return (*padded, (cut(last, widths[-1], more), style))


def cut(text: str, width: int, more: str) -> str:
    """A text in so many characters; what is too long loses its middle, because ends tell paths and names apart."""
    if columns(text) <= width:
        return text
    left = (width - len(more) + 1) // 2
    return crop(text, left) + more + crop(text[::-1], width - len(more) - left)[::-1]
