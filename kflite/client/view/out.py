"""Where lines are written: a stream, with the colours, characters and width that it can show."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from math import isfinite, isnan
from typing import TextIO

from kflite.client.view.text import Line, Signs, Span, ansi, plain, signs
from kflite.value import Value

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

    def table(self, head: Sequence[str], rows: Sequence[Sequence[Span]], firm: int = 1) -> None:
        """Columns under a head, as wide as their longest cells; where there is no room, all but the `firm` first ones are cut."""
        every = [tuple((name, "dim") for name in head), *rows]
        widths = [max(len(row[i][0]) for row in every) for i in range(len(head))]
        narrow(widths, self.width - 2 * len(head), firm)
        more = self.signs.more
        self.lines(_row(row, widths, more) for row in every)


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


def _row(cells: Sequence[Span], widths: Sequence[int], more: str) -> Line:
    shown = (
        text if len(text) <= width else text[: width - len(more)] + more for (text, _), width in zip(cells, widths, strict=True)
    )
    return tuple((text.ljust(width + 2), style) for text, width, (_, style) in zip(shown, widths, cells, strict=True))
