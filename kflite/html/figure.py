"""Figures as HTML: tables of values, curves, matrices, each with its numbers as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kflite.core.value import Value
from kflite.figures.data import Confusion, Roc, Table
from kflite.format import count, percent, value
from kflite.html.chart import COLOURS, Curve, chart
from kflite.html.markup import Markup, joined, tag

_POINTS = 200  # of a curve that are listed
_LABELS = 40  # of a matrix that is drawn; of a larger one the worst mistakes are listed
_SNUG = 6  # from more labels on cells are small
_DENSE = 12  # from more labels on a cell has its count alone
_MISTAKES = 50
_LONGEST = 2000  # characters of a value


def values(held: Table, caption: str = "") -> Markup:
    """A row for each value."""
    rows = [tag("tr", tag("th", name, scope="row"), cell(given)) for name, given in held.values.items()]
    return table([tag("caption", caption)] if caption else [], rows, "values")


def cell(given: Value, *more: Markup) -> Markup:
    """A value in a table; numbers stand to the right."""
    numeric = isinstance(given, int | float) and not isinstance(given, bool)
    return tag("td", value(given, _LONGEST), *more, class_="n" if numeric else None)


def table(head: Sequence[Markup], rows: Sequence[Markup], style: str = "full", label: str = "") -> Markup:
    """A table that can be scrolled where it is too wide; one with a label by the keyboard too."""
    inner = tag("table", list(head), tag("tbody", list(rows)), class_=style)
    if not label:
        return tag("div", inner, class_="scroll")
    return tag("div", inner, class_="scroll", tabindex="0", role="region", aria_label=label)


def header(names: Sequence[str], numeric: Sequence[str] = ()) -> Markup:
    """The head of a table."""
    cells = [tag("th", name, scope="col", class_="n" if name in numeric else None) for name in names]
    return tag("thead", tag("tr", cells))


def roc(curves: Sequence[Curve]) -> Markup:
    """One curve, or several over each other with a key."""
    parts = [chart(curves)]
    if len(curves) > 1:
        rows = [
            tag(
                "tr",
                tag("th", tag("span", class_="key"), name, scope="row"),
                tag("td", f"{each.auc:.4f}", class_="n"),
                class_=f"c{place % COLOURS}",
            )
            for place, name, each in curves
        ]
        parts.append(table([header(["", "AUC"], ["AUC"])], rows, label="areas under the curves"))
    return joined([*parts, *(_numbers(name, each) for _, name, each in curves)])


def _numbers(name: str, held: Roc) -> Markup:
    step = -(-len(held.points) // _POINTS)
    rows = [
        tag("tr", [tag("td", f"{number:.6g}", class_="n") for number in (point.threshold, point.tpr, point.fpr)])
        for point in held.points[::step]
    ]
    names = ["threshold", "true positive rate", "false positive rate"]
    told = f"{len(held.points)} points{f', every {step}th listed' if step > 1 else ''}"
    listed = table([header(names, names)], rows, label=f"points of the ROC curve {name}".rstrip())
    return tag("details", tag("summary", f"{name}: {told}" if name else told), listed)


def confusion(held: Confusion) -> Markup:
    """The matrix, coloured by each row's shares; of a very large one the worst mistakes."""
    if len(held.labels) > _LABELS:
        return _mistakes(held)
    style = "matrix dense" if len(held.labels) > _DENSE else "matrix snug" if len(held.labels) > _SNUG else "matrix"
    heads = [tag("th", tag("span", label), scope="col") for label in held.labels]
    head = tag("thead", tag("tr", tag("td"), heads, tag("th", "recall", scope="col", class_="edge")))
    foot = [tag("td", percent(held.precision(i)), class_="edge") for i in range(len(held.labels))]
    last = tag("tr", tag("th", "precision", scope="row", class_="edge"), foot, tag("td", percent(held.right), class_="edge"))
    told = tag("p", "Rows: true label. Columns: predicted label.", class_="note")
    return joined([table([head], [*_rows(held), last], style, "confusion matrix"), told])


def _rows(held: Confusion) -> Iterator[Markup]:
    for i, label in enumerate(held.labels):
        cells = [_cell(held, i, j) for j in range(len(held.labels))]
        yield tag("tr", tag("th", label, scope="row"), cells, tag("td", percent(held.recall(i)), class_="edge"))


def _cell(held: Confusion, i: int, j: int) -> Markup:
    share, often = held.share(i, j), held.rows[i][j]
    style = "cell" if often else "cell none"
    small = [tag("small", percent(share))] if often else []
    told = f"{held.labels[i]} taken for {held.labels[j]}: {count(often)}"
    return tag("td", count(often), small, class_=style, style=f"--share: {share:.1%}", title=told)


def _mistakes(held: Confusion) -> Markup:
    worst = held.mistakes(_MISTAKES)
    rows = [
        tag(
            "tr",
            tag("td", held.labels[i]),
            tag("td", held.labels[j]),
            tag("td", count(held.rows[i][j]), class_="n"),
            tag("td", percent(held.share(i, j)), class_="n"),
        )
        for i, j in worst
    ]
    told = tag("p", f"{len(held.labels)} labels are too many to draw; these are the most frequent mistakes.", class_="note")
    head = header(["true label", "predicted label", "count", "share"], ["count", "share"])
    return joined([told, table([head], rows, label="mistakes")])
