"""The page of a run: its outputs, parameters, metrics, figures, documents, tasks and artifacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kflite.core.value import Value
from kflite.figures.content import Content
from kflite.figures.data import Table, Visualization
from kflite.figures.numbers import number
from kflite.figures.read import kind
from kflite.format import clock, duration
from kflite.html.card import card
from kflite.html.figure import header, table, values
from kflite.html.markup import Markup, joined, tag
from kflite.html.rows import ROWS, artifacts, more, numeric, state, timeline, trials
from kflite.runs.as_json import outputs_json
from kflite.store.base import RunRow, TaskRow

_CARDS = 60  # most cards of figures, and of documents; further ones are counted
_COLUMNS = 12  # most metrics in one table; with more, each task has its own card

Contents = Mapping[str, Content]


def report(
    run: RunRow, tasks: Sequence[TaskRow], visualizations: Sequence[Visualization], contents: Contents, network: bool = False
) -> Markup:
    """The page's body. contents: of documents, by name of the visualization."""
    return joined(
        [
            heading(run),
            _two("Outputs", {name: _uri(data) for name, data in outputs_json(run.outputs).items()}, "Parameters", run.parameters),
            section("Trials", trials(run, tasks)),
            figures(visualizations, contents, network),
            section("Tasks", timeline(run, tasks)),
            section("Artifacts", artifacts(tasks)),
        ]
    )


def _uri(data: Value) -> Value:
    return data["uri"] if isinstance(data, dict) and {"uri", "type"} <= data.keys() else data


def heading(run: RunRow, title: str = "") -> Markup:
    """The run's name, state, times and executor."""
    took = duration(run.ended - run.created) if run.ended else ""
    facts = [("run", run.run), ("created", clock(run.created)), ("took", took), ("on", run.on), ("experiment", run.experiment)]
    shown = [tag("span", f"{name} ", tag("b", text, class_="mono" if name == "run" else None)) for name, text in facts if text]
    top = tag("div", tag("h1", title or run.name), state(run.state.value), class_="top")
    why = [tag("p", run.reason, class_="why")] if run.reason else []
    return tag("header", top, tag("div", shown, class_="facts"), why)


def figures(visualizations: Sequence[Visualization], contents: Contents, network: bool) -> Markup:
    """Metrics in one table if they fit, figures as cards, then documents."""
    numbers, rest = _metrics(visualizations)
    shapes = [each for each in rest if not each.is_page]
    pages = [each for each in rest if each.is_page]
    return joined(
        [
            section("Metrics", numbers),
            section("Figures", _cards(shapes, contents, network, "grid")),
            section("Documents", _cards(pages, contents, network, "documents")),
        ]
    )


def _cards(visualizations: Sequence[Visualization], contents: Contents, network: bool, style: str) -> Markup:
    shown = [card(each, contents.get(each.name, Content()), network) for each in visualizations[:_CARDS]]
    rest = len(visualizations) - len(shown)
    note = f"{rest} more, from {visualizations[_CARDS].name} on: kflite artifacts open shows those of one task." if rest else ""
    return joined([tag("div", shown, class_=style), tag("p", note, class_="soft") if note else ""]) if shown else Markup()


def section(title: str, body: Markup) -> Markup:
    """A titled section of a page; empty without content."""
    return tag("section", tag("h2", title), body) if body else Markup()


def _two(first: str, first_values: Mapping[str, Value], second: str, second_values: Mapping[str, Value]) -> Markup:
    parts = [section(title, values(Table(data))) for title, data in ((first, first_values), (second, second_values)) if data]
    return tag("div", parts, class_="pair") if parts else Markup()


def _metrics(visualizations: Sequence[Visualization]) -> tuple[Markup, Sequence[Visualization]]:
    """The table of all plain metrics by task, and the visualizations that are not in it."""
    plain = [each for each in visualizations if kind(each.artifact) == "Metrics" and _numeric(each)]
    names = list(dict.fromkeys(name for each in plain for name in each.artifact.metadata))
    if not plain or len(names) > _COLUMNS:
        return Markup(), visualizations
    rows = [
        tag("tr", tag("th", each.name, scope="row"), [numeric(each.artifact.metadata.get(name, "")) for name in names])
        for each in plain[:ROWS]
    ]
    note = more(len(plain), len(names) + 1)
    shown = table([header(["", *names], names)], [*rows, *note], style="", label="metrics")
    listed = {each.name for each in plain}
    return shown, [each for each in visualizations if each.name not in listed]


def _numeric(visualization: Visualization) -> bool:
    values = visualization.artifact.metadata.values()
    return bool(values) and all(number(value) is not None for value in values)
