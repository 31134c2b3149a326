"""Figures as HTML: tables of values, curves and matrices, with their numbers as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kflite.core.value import Value
from kflite.figures.data import Confusion, Roc, Table
from kflite.format import count, percent, value
from kflite.html.chart import COLOURS, Curve, chart
from kflite.html.markup import Markup, joined, tag

_POINTS = 200  # listed points of a curve
_LABELS = 40  # most labels of a drawn matrix; for larger ones the most frequent mistakes are listed
_SNUG = 6  # with more labels, cells are small
_DENSE = 12  # with more labels, cells show counts only
_MISTAKES = 50
_LONGEST = 2000  # characters of a value


def values(data: Table, caption: str = "") -> Markup:
    """A table with a row for each value."""
    rows = [tag("tr", tag("th", name, scope="row"), cell(value_given)) for name, value_given in data.values.items()]
    return table([tag("caption", caption)] if caption else [], rows, "values")


def cell(value_given: Value, *more: Markup) -> Markup:
    """A table cell; numbers are aligned to the right."""
    numeric = isinstance(value_given, int | float) and not isinstance(value_given, bool)
    return tag("td", value(value_given, _LONGEST), *more, class_="n" if numeric else None)


def table(head: Sequence[Markup], rows: Sequence[Markup], style: str = "full", label: str = "") -> Markup:
    """A table that scrolls if it is too wide, with a label also by keyboard."""
    inner = tag("table", list(head), tag("tbody", list(rows)), class_=style)
    if not label:
        return tag("div", inner, class_="scroll")
    return tag("div", inner, class_="scroll", tabindex="0", role="region", aria_label=label)


def header(names: Sequence[str], numeric: Sequence[str] = ()) -> Markup:
    """A table's head."""
    cells = [tag("th", name, scope="col", class_="n" if name in numeric else None) for name in names]
    return tag("thead", tag("tr", cells))


def roc(curves: Sequence[Curve]) -> Markup:
    """One curve, or several in one chart with a key."""
    parts = [chart(curves)]
    if len(curves) > 1:
        rows = [
            tag(
                "tr",
                tag("th", tag("span", class_="key"), name, scope="row"),
                tag("td", f"{each.auc:.4f}", class_="n"),
                class_=f"c{index % COLOURS}",
            )
            for index, name, each in curves
        ]
        parts.append(table([header(["", "AUC"], ["AUC"])], rows, label="areas under the curves"))
    return joined([*parts, *(_numbers(name, each) for _, name, each in curves)])


def _numbers(name: str, data: Roc) -> Markup:
    step = -(-len(data.points) // _POINTS)
    rows = [
        tag("tr", [tag("td", f"{number:.6g}", class_="n") for number in (point.threshold, point.tpr, point.fpr)])
        for point in data.points[::step]
    ]
    names = ["threshold", "true positive rate", "false positive rate"]
    note = f"{len(data.points)} points{f', every {step}th listed' if step > 1 else ''}"
    listed = table([header(names, names)], rows, label=f"points of the ROC curve {name}".rstrip())
    return tag("details", tag("summary", f"{name}: {note}" if name else note), listed)


def confusion(data: Confusion) -> Markup:
    """The matrix, coloured by shares of each row; for a very large one, its most frequent mistakes."""
    if len(data.labels) > _LABELS:
        return _mistakes(data)
    style = "matrix dense" if len(data.labels) > _DENSE else "matrix snug" if len(data.labels) > _SNUG else "matrix"
    heads = [tag("th", tag("span", label), scope="col") for label in data.labels]
    head = tag("thead", tag("tr", tag("td"), heads, tag("th", "recall", scope="col", class_="edge")))
    foot = [tag("td", percent(data.precision(i)), class_="edge") for i in range(len(data.labels))]
    last = tag("tr", tag("th", "precision", scope="row", class_="edge"), foot, tag("td", percent(data.right), class_="edge"))
    note = tag("p", "Rows: true label. Columns: predicted label.", class_="note")
    return joined([table([head], [*_rows(data), last], style, "confusion matrix"), note])


def _rows(data: Confusion) -> Iterator[Markup]:
    for i, label in enumerate(data.labels):
        cells = [_cell(data, i, j) for j in range(len(data.labels))]
        yield tag("tr", tag("th", label, scope="row"), cells, tag("td", percent(data.recall(i)), class_="edge"))


def _cell(data: Confusion, i: int, j: int) -> Markup:
    share, frequency = data.share(i, j), data.rows[i][j]
    style = "cell" if frequency else "cell none"
    small = [tag("small", percent(share))] if frequency else []
    note = f"{data.labels[i]} taken for {data.labels[j]}: {count(frequency)}"
    return tag("td", count(frequency), small, class_=style, style=f"--share: {share:.1%}", title=note)


def _mistakes(data: Confusion) -> Markup:
    worst = data.mistakes(_MISTAKES)
    rows = [
        tag(
            "tr",
            tag("td", data.labels[i]),
            tag("td", data.labels[j]),
            tag("td", count(data.rows[i][j]), class_="n"),
            tag("td", percent(data.share(i, j)), class_="n"),
        )
        for i, j in worst
    ]
    note = tag("p", f"{len(data.labels)} labels are too many to draw; these are the most frequent mistakes.", class_="note")
    head = header(["true label", "predicted label", "count", "share"], ["count", "share"])
    return joined([note, table([head], rows, label="mistakes")])
