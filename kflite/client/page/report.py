"""The page of a run: its outputs, parameters, metrics, figures, documents, tasks and artifacts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kflite.client.describe import outputs_json
from kflite.client.figures.content import Content
from kflite.client.figures.data import Exhibit, Table
from kflite.client.figures.read import kind, number, of_task
from kflite.client.page.card import card
from kflite.client.page.figure import header, table, values
from kflite.client.page.markup import Markup, joined, tag
from kflite.client.view.text import clock, duration, size, value
from kflite.store.base import RunRow, TaskRow
from kflite.value import Value

_ROWS = 500  # of a table; what follows is counted
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
            figures(exhibits, contents, network),
            section("Tasks", _tasks(run, tasks)),
            section("Artifacts", _artifacts(tasks)),
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


def state(word: str) -> Markup:
    """A state as a badge."""
    return tag("span", word, class_=f"state {word}")


def figures(exhibits: Sequence[Exhibit], contents: Contents, network: bool) -> Markup:
    """Metrics in one table where they fit, figures as cards, documents below each other."""
    numbers, rest = _metrics(exhibits)
    drawn = [card(each, Content(), network) for each in rest if not each.is_page]
    pages = [card(each, contents.get(each.name, Content()), network) for each in rest if each.is_page]
    return joined(
        [
            section("Metrics", numbers),
            section("Figures", tag("div", drawn, class_="grid") if drawn else Markup()),
            section("Documents", tag("div", pages, class_="documents") if pages else Markup()),
        ]
    )


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
        tag("tr", tag("th", each.name, scope="row"), [_number(each.artifact.metadata.get(name, "")) for name in names])
        for each in plain
    ]
    shown = table([header(["", *names], names)], _first(rows, len(names) + 1), style="", label="metrics")
    return shown, [each for each in exhibits if each not in plain]


def _numeric(exhibit: Exhibit) -> bool:
    values = exhibit.artifact.metadata.values()
    return bool(values) and all(number(value) is not None for value in values)


def _number(given: Value) -> Markup:
    shown = f"{given:.6g}" if isinstance(given, float) else value(given, 200)
    return tag("td", shown, class_="n", title=value(given) if number(given) is not None else None)


def _first(rows: list[Markup], columns: int) -> list[Markup]:
    rest = len(rows) - _ROWS
    told = [tag("tr", tag("td", f"{rest} more", class_="soft", colspan=str(columns)))] if rest > 0 else []
    return [*rows[:_ROWS], *told]


def _tasks(run: RunRow, tasks: Sequence[TaskRow]) -> Markup:
    shown = [task for task in tasks if not task.group]
    if not shown:
        return Markup()
    end = max((task.ended for task in shown if task.ended), default=run.created)
    rows = [_task(task, run.created, max(end - run.created, 1e-9)) for task in shown]
    return table([_head()], _first(rows, 4), label="tasks")


def _head() -> Markup:
    names = [("task", None), ("state", None), ("took", "n"), ("when", "wide")]
    return tag("thead", tag("tr", [tag("th", name, scope="col", class_=style) for name, style in names]))


def _task(task: TaskRow, begin: float, span_s: float) -> Markup:
    took = task.ended - task.started if task.ended and task.started else None
    why = f"{task.reason}: {task.message}" if task.message else task.reason
    notes = [tag("span", why, class_="note")] if why else []
    bar: list[Markup] = []
    if task.started and took is not None:
        place = f"--from: {(task.started - begin) / span_s:.2%}; --for: {took / span_s:.2%}"
        bar = [tag("span", class_="bar", style=place)]
    word = task.state.value
    return tag(
        "tr",
        tag("th", task.task, notes, scope="row", class_=word if notes and word == "FAILED" else None),
        tag("td", state(word)),
        tag("td", duration(took), class_="n"),
        tag("td", bar, class_=f"line wide {word}", aria_hidden="true"),
    )


def _artifacts(tasks: Sequence[TaskRow]) -> Markup:
    rows = list(_made(tasks))
    names = ["artifact", "type", "size", "URI"]
    return table([header(names, ["size"])], _first(rows, 4), label="artifacts") if rows else Markup()


def _made(tasks: Sequence[TaskRow]) -> Iterator[Markup]:
    for task in tasks:
        for exhibit in of_task(task) if not task.group else ():
            made = exhibit.artifact
            yield tag(
                "tr",
                tag("th", exhibit.name, scope="row"),
                tag("td", kind(made)),
                tag("td", size(made.size) if made.size else "", class_="n"),
                tag("td", tag("code", made.uri)),
            )
