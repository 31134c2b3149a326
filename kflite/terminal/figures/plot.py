"""Curves as characters: eight dots of braille to a cell, or a star where a terminal has none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

_BLANK = 0x2800
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # by row and column within a cell


class Canvas:
    """Cells to draw on; coordinates are from 0 to 1, to the right and upwards."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._cells = [[0] * width for _ in range(height)]

    def curve(self, corners: Sequence[tuple[float, float]]) -> None:
        """A line through the corners."""
        for (left, low), (right, high) in pairwise(corners):
            steps = int(max(abs(right - left) * 2 * self.width, abs(high - low) * 4 * self.height)) + 1
            self._dots((left + (right - left) * i / steps, low + (high - low) * i / steps) for i in range(steps + 1))

    def dots(self, count: int) -> None:
        """A dotted line from the lower left to the upper right: what chance would give."""
        self._dots((i / count, i / count) for i in range(count + 1))

    def _dots(self, points: Iterable[tuple[float, float]]) -> None:
        across, down = 2 * self.width - 1, 4 * self.height - 1
        for x, y in points:
            column, row = round(x * across), down - round(y * down)
            self._cells[row // 4][column // 2] |= _DOTS[row % 4][column % 2]

    def braille(self) -> list[str]:
        """Lines from the top."""
        return ["".join(chr(_BLANK + cell) if cell else " " for cell in row) for row in self._cells]

    def stars(self) -> list[str]:
        """The same in ASCII: a star where there is more than a lone dot, which is a point."""
        return ["".join(" " if not cell else "." if cell.bit_count() == 1 else "*" for cell in row) for row in self._cells]
