"""Confusion matrices as lines: with shares where there is room, with counts where there is less, else the worst mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from kflite.figures.data import Confusion
from kflite.format import clean, count, percent
from kflite.terminal.style import Line, Signs, Span, columns, crop, pad

_LABEL = 16  # columns of a row's label at most
_NAMED = 12  # columns of a column's label at most
_MISTAKES = 10
_BETWEEN = 4  # columns between two matrices


def matrix(data: Confusion, width: int, signs: Signs) -> Iterator[Line]:
    """The matrix, rows by true label."""
    yield (
        ("confusion matrix", "bold"),
        (f"  {percent(data.right)} right", "bold cyan"),
        (f"  of {count(data.total)}, rows true, columns predicted", "dim"),
    )
    yield from grid(data, width, signs)


def grid(data: Confusion, width: int, signs: Signs) -> Iterator[Line]:
    """The matrix alone."""
    labels = [clean(label) for label in data.labels]
    for shares in (True, False):
        lines = _grid(data, labels, shares, signs)
        if all(sum(columns(text) for text, _ in line) <= width for line in lines):
            yield from lines
            return
    yield ((f"too wide for {width} columns; the most frequent mistakes:", "dim"),)
    for true, predicted in data.mistakes(_MISTAKES):
        frequency = f"{count(data.rows[true][predicted]):>6}  {percent(data.share(true, predicted)):>7}  "
        yield ((frequency, ""), (f"{labels[true]} {signs.arrow} {labels[predicted]}", ""))


def _grid(data: Confusion, labels: list[str], shares: bool, signs: Signs) -> list[Line]:
    heads = [_cut(label, _NAMED, signs) for label in labels]
    cells = [[_cell(data, i, j, shares) for j in range(len(labels))] for i in range(len(labels))]
    widths = [max(columns(heads[j]), *(len(row[j]) for row in cells)) for j in range(len(labels))]
    left = max(columns(_cut(label, _LABEL, signs)) for label in labels)
    lines: list[Line] = [(*_titles(heads, widths, left), ("   recall", "dim"))]
    for i, label in enumerate(labels):
        spans: list[Span] = [(pad(_cut(label, _LABEL, signs), left, right=True), "")]
        spans += [_span(data, cells, widths, i, j) for j in range(len(labels))]
        lines.append((*spans, (f"  {percent(data.recall(i)):>7}", "dim")))
    return lines


def _titles(heads: list[str], widths: list[int], left: int) -> list[Span]:
    return [(" " * left, ""), *((f"  {pad(head, width, right=True)}", "dim") for head, width in zip(heads, widths, strict=True))]


def _cell(data: Confusion, i: int, j: int, shares: bool) -> str:
    frequency = count(data.rows[i][j])
    if not data.rows[i][j]:
        return "·"
    return f"{frequency} {percent(data.share(i, j)):>7}" if shares else frequency


def _span(data: Confusion, cells: list[list[str]], widths: list[int], i: int, j: int) -> Span:
    style = "dim" if not data.rows[i][j] else "bold green" if i == j else "red" if data.share(i, j) >= 0.1 else ""
    return (f"  {cells[i][j]:>{widths[j]}}", style)


def _cut(label: str, longest: int, signs: Signs) -> str:
    return label if columns(label) <= longest else crop(label, longest - len(signs.more)) + signs.more


def beside(blocks: Sequence[Sequence[Line]], width: int) -> Iterator[Line]:
    """Blocks of lines side by side where all find room, else one below the other."""
    wide = [max(sum(columns(text) for text, _ in line) for line in block) for block in blocks]
    if sum(wide) + _BETWEEN * (len(blocks) - 1) > width:
        for index, block in enumerate(blocks):
            yield from [(), *block] if index else block
        return
    for lines in zip_longest(*blocks, fillvalue=()):
        yield tuple(span for line, columns in zip(lines, wide, strict=True) for span in _padded(line, columns + _BETWEEN))


def _padded(line: Line, width: int) -> Line:
    return (*line, (" " * (width - sum(columns(text) for text, _ in line)), ""))
