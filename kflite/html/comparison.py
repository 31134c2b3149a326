"""The page of a comparison: runs side by side, and their curves in common charts."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import islice

from kflite.figures.data import Confusion, Roc
from kflite.figures.numbers import number
from kflite.format import change, clock, duration, percent, short
from kflite.html.card import part
from kflite.html.chart import COLOURS
from kflite.html.document import page
from kflite.html.figure import confusion, roc, table
from kflite.html.markup import Markup, joined, tag
from kflite.html.report import section
from kflite.html.rows import ROWS, more, state
from kflite.runs.compare import Columns, ComparedRuns, Entry
from kflite.store.base import RunRow

_TITLES = {"parameters": "Parameters", "outputs": "Outputs", "metrics": "Metrics", "tasks": "Tasks", "run": "Where and what"}
_CARDS = 60  # of curves, and of matrices; what follows is counted


def comparison_page(data: ComparedRuns) -> str:
    """The file's text."""
    return page(f"{len(data.runs)} runs compared", comparison(data), clock(time.time()))


def comparison(data: ComparedRuns) -> Markup:
    """The page's body."""
    tables = {name: section(title, _entries(data, name)) for name, title in _TITLES.items()}
    return joined(
        [
            tag("header", tag("h1", f"{len(data.runs)} runs compared")),
            section("Runs", _runs(data.runs)),
            *(tables[name] for name in ("parameters", "outputs", "metrics")),
            section("ROC curves", _cards(_curves(data.curves, data.runs), len(data.curves))),
            section("Confusion matrices", _cards(_matrices(data.matrices), len(data.matrices))),
            *(tables[name] for name in ("tasks", "run")),
        ]
    )


def label(index: int, run: RunRow) -> str:
    """A run's number and name."""
    return f"{index + 1} · {run.name}" if run.name != run.pipeline else f"{index + 1} · {run.run}"


def _key(index: int) -> Markup:
    return tag("span", tag("span", class_="key"), str(index + 1), class_=f"run c{index % COLOURS}")


def _runs(runs: Iterable[RunRow]) -> Markup:
    names = [("", None), ("run", None), ("name", "wide"), ("state", None), ("created", "wide"), ("took", "n")]
    rows = [
        tag(
            "tr",
            tag("th", _key(index), scope="row"),
            tag("td", tag("code", run.run)),
            tag("td", run.name, class_="wide"),
            tag("td", state(run.state.value)),
            tag("td", clock(run.created), class_="wide"),
            tag("td", duration(run.ended - run.created) if run.ended else "", class_="n"),
        )
        for index, run in enumerate(runs)
    ]
    head = tag("thead", tag("tr", [tag("th", name, scope="col", class_=style) for name, style in names]))
    return table([head], rows, label="runs")


def _entries(data: ComparedRuns, name: str) -> Markup:
    entries = [entry for entry in data.entries if entry.section == name]
    if not entries:
        return Markup()
    numeric = name == "metrics"
    heads = [tag("th", _key(index), scope="col", class_="n" if numeric else None) for index in range(len(data.runs))]
    rows = [_row(entry, numeric) for entry in sorted(entries, key=lambda entry: entry.same)[:ROWS]]
    note = more(len(entries), len(data.runs) + 1)
    return table([tag("thead", tag("tr", tag("td"), heads))], [*rows, *note], style="sides", label=name)


def _row(entry: Entry, numeric: bool) -> Markup:
    first, style = number(entry.values[0]) if numeric else None, "n" if numeric else None
    cells = []
    for value in entry.values:
        now = number(value)
        moved = change(first, now) if first is not None and now is not None and value is not entry.values[0] else ""
        more = [tag("span", moved, class_="change")] if moved else []
        cells.append(tag("td", "-" if value is None else short(value), more, class_=style))
    return tag("tr", tag("th", entry.name, scope="row"), cells, class_="same" if entry.same else None)


def _cards(cards: Iterator[Markup], count: int) -> Markup:
    if not count:
        return Markup()
    note = tag("p", f"{count - _CARDS} more", class_="soft") if count > _CARDS else ""
    return joined([tag("div", islice(cards, _CARDS), class_="grid"), note])


def _curves(columns: Columns[Roc], runs: tuple[RunRow, ...]) -> Iterator[Markup]:
    for name, row in columns.items():
        curves = [(index, label(index, runs[index]), it) for index, it in enumerate(row) if it]
        yield tag("section", tag("header", tag("h3", name)), part("", roc(curves), "curves"), class_="card")


def _matrices(columns: Columns[Confusion]) -> Iterator[Markup]:
    for name, row in columns.items():
        parts = [part(joined([_key(i), f": {percent(it.right)} right"]), confusion(it)) for i, it in enumerate(row) if it]
        style = "card broad" if len(parts) > 1 else "card"
        yield tag("section", tag("header", tag("h3", name)), tag("div", parts, class_="parts"), class_=style)
