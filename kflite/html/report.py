"""The page of a run: its outputs, parameters, metrics, figures, documents, tasks and artifacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kflite.core.value import Value
from kflite.figures.content import Content
from kflite.figures.data import Exhibit, Table, number
from kflite.figures.read import kind
from kflite.format import clock, duration
from kflite.html.card import card
from kflite.html.figure import header, table, values
from kflite.html.markup import Markup, joined, tag
from kflite.html.rows import ROWS, artifacts, more, numeric, state, timeline, trials
from kflite.runs.as_json import outputs_json
from kflite.store.base import RunRow, TaskRow

_CARDS = 60  # of figures, and of documents; what follows is counted
_COLUMNS = 12  # metrics side by side; where there are more, each task has a card of its own

Contents = Mapping[str, Content]


def report(
    run: RunRow, tasks: Sequence[TaskRow], exhibits: Sequence[Exhibit], contents: Contents, network: bool = False
) -> Markup:
    """The page's body. contents: of documents, by the exhibit's name."""
    return joined(
        [
            heading(run),
            _two("Outputs", {name: _uri(held) for name, held in outputs_json(run.outputs).items()}, "Parameters", run.parameters),
            section("Trials", trials(run, tasks)),
            figures(exhibits, contents, network),
            section("Tasks", timeline(run, tasks)),
            section("Artifacts", artifacts(tasks)),
        ]
    )


def _uri(held: Value) -> Value:
    return held["uri"] if isinstance(held, dict) and {"uri", "type"} <= held.keys() else held


def heading(run: RunRow, title: str = "") -> Markup:
    """The run's name, state, and when and where it ran."""
    took = duration(run.ended - run.created) if run.ended else ""
    facts = [("run", run.run), ("created", clock(run.created)), ("took", took), ("on", run.on), ("experiment", run.experiment)]
    shown = [tag("span", f"{name} ", tag("b", text, class_="mono" if name == "run" else None)) for name, text in facts if text]
    top = tag("div", tag("h1", title or run.name), state(run.state.value), class_="top")
    why = [tag("p", run.reason, class_="why")] if run.reason else []
    return tag("header", top, tag("div", shown, class_="facts"), why)


def figures(exhibits: Sequence[Exhibit], contents: Contents, network: bool) -> Markup:
    """Metrics in one table where they fit, figures as cards, documents below each other."""
    numbers, rest = _metrics(exhibits)
    drawn = [each for each in rest if not each.is_page]
    pages = [each for each in rest if each.is_page]
    return joined(
        [
            section("Metrics", numbers),
            section("Figures", _cards(drawn, contents, network, "grid")),
            section("Documents", _cards(pages, contents, network, "documents")),
        ]
    )


def _cards(exhibits: Sequence[Exhibit], contents: Contents, network: bool, style: str) -> Markup:
    shown = [card(each, contents.get(each.name, Content()), network) for each in exhibits[:_CARDS]]
    rest = len(exhibits) - len(shown)
    told = f"{rest} more, from {exhibits[_CARDS].name} on: kflite artifacts open shows those of one task." if rest else ""
    return joined([tag("div", shown, class_=style), tag("p", told, class_="soft") if told else ""]) if shown else Markup()


def section(title: str, body: Markup) -> Markup:
    """A part of a page under its title; nothing where there is nothing in it."""
    return tag("section", tag("h2", title), body) if body else Markup()


def _two(first: str, given: Mapping[str, Value], second: str, others: Mapping[str, Value]) -> Markup:
    parts = [section(title, values(Table(held))) for title, held in ((first, given), (second, others)) if held]
    return tag("div", parts, class_="pair") if parts else Markup()


def _metrics(exhibits: Sequence[Exhibit]) -> tuple[Markup, Sequence[Exhibit]]:
    """The table of all plain metrics by task, and the exhibits that are not in it."""
    plain = [each for each in exhibits if kind(each.artifact) == "Metrics" and _numeric(each)]
    names = list(dict.fromkeys(name for each in plain for name in each.artifact.metadata))
    if not plain or len(names) > _COLUMNS:
        return Markup(), exhibits
    rows = [
        tag("tr", tag("th", each.name, scope="row"), [numeric(each.artifact.metadata.get(name, "")) for name in names])
        for each in plain[:ROWS]
    ]
    told = more(len(plain), len(names) + 1)
    shown = table([header(["", *names], names)], [*rows, *told], style="", label="metrics")
    listed = {each.name for each in plain}
    return shown, [each for each in exhibits if each.name not in listed]


def _numeric(exhibit: Exhibit) -> bool:
    values = exhibit.artifact.metadata.values()
    return bool(values) and all(number(value) is not None for value in values)
