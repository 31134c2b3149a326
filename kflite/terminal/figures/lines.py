"""Figures as lines of text: in a line for each, or whole, as wide as there is room."""

from __future__ import annotations

from collections.abc import Iterator

from kflite.core.value import Value
from kflite.figures.data import Confusion, Figure, Page, Roc, Slice, Table, Visualization
from kflite.format import clean, percent, short, size, value
from kflite.terminal.figures.matrix import matrix
from kflite.terminal.figures.plot import Canvas
from kflite.terminal.style import Line, Signs, clip, columns, pad

_PLOT = (46, 15)  # columns and rows of a plot where there is room
_LONGEST = 1000  # characters of a value
_AXIS = 6  # columns left of a plot
_NARROWEST = 20  # columns of a plot, which the axis' title needs


def summary(visualization: Visualization) -> str:
    """All figures in a word or two each; "" where there are none but documents."""
    return "; ".join(text for figure in visualization.figures if (text := _figure_summary(figure)))


def _figure_summary(figure: Figure) -> str:
    match figure:
        case Table(values):
            return "  ".join(f"{clean(name)} {short(value)}" for name, value in values.items())
        case Roc():
            return f"ROC AUC {figure.auc:.4f}"
        case Confusion():
            return f"confusion matrix of {len(figure.labels)} labels, {percent(figure.right)} right"
        case Slice(name, figures):
            return f"{clean(name)}: {', '.join(_figure_summary(inner) for inner in figures)}"
        case Page():
            return ""


def warnings(visualization: Visualization) -> Iterator[Line]:
    """What could not be shown."""
    for sentence in visualization.warnings:
        yield ((clean(sentence), "yellow"),)


def description(visualization: Visualization, width: int) -> Iterator[Line]:
    """Where an artifact is, and what is told about it."""
    artifact = visualization.artifact
    fields: dict[str, Value] = {
        "uri": artifact.uri,
        "size": size(artifact.size) if artifact.size else "",
        "digest": artifact.digest,
    }
    shown = {name: data for name, data in fields.items() if data} | dict(artifact.metadata)
    yield from (clip(line, width) for line in table(Table(shown), width))


def full(visualization: Visualization, width: int, signs: Signs) -> Iterator[Line]:
    """All figures but documents, one below the other."""
    for index, figure in enumerate(visualization.figures):
        if index:
            yield ()
        yield from (clip(line, width, signs.more) for line in _figure(figure, width, signs))
    yield from warnings(visualization)


def _figure(figure: Figure, width: int, signs: Signs) -> Iterator[Line]:
    match figure:
        case Table():
            yield from table(figure, width)
        case Roc():
            yield from roc(figure, width, signs)
        case Confusion():
            yield from matrix(figure, width, signs)
        case Slice(name, figures):
            yield ((f"slice {clean(name)}", "bold"),)
            for index, inner in enumerate(figures):
                if index:
                    yield ()
                yield from _figure(inner, width, signs)
        case Page():
            return


def table(data: Table, width: int) -> Iterator[Line]:
    """A line for each value."""
    wide = min(max(columns(clean(name)) for name in data.values), max(width // 2, 8))
    for name, shown in data.values.items():
        yield ((pad(clean(name), wide), ""), ("  ", ""), (value(shown, _LONGEST), "bold"))


def roc(data: Roc, width: int, signs: Signs) -> Iterator[Line]:
    """The curve over the dotted line of chance, with axes."""
    columns, rows = _PLOT
    columns = min(columns, width - _AXIS - 1)
    yield (("ROC curve", "bold"), (f"  AUC {data.auc:.4f}", "bold cyan"), (f"  {len(data.points)} points", "dim"))
    if columns < _NARROWEST:
        return
    rows = min(rows, max(columns // 3, 4))
    canvas = Canvas(columns, rows)
    canvas.dots(columns // 2)
    canvas.curve(data.corners)
    unicode = signs.unicode
    bar, corner, dash = ("│", "└", "─") if unicode else ("|", "+", "-")
    yield (("true positive rate", "dim"),)
    for index, row in enumerate(canvas.braille() if unicode else canvas.stars()):
        tick = {0: " 1.0 ", (rows - 1) // 2: " 0.5 ", rows - 1: " 0.0 "}.get(index, "     ")
        yield ((f"{tick}{bar}", "dim"), (row, "cyan"))
    yield ((" " * 5 + corner + dash * columns, "dim"),)
    middle = "0.0" + "0.5".center(columns - 6) + "1.0"
    yield ((" " * _AXIS + middle, "dim"),)
    yield ((" " * _AXIS + "false positive rate".center(columns).rstrip(), "dim"),)
