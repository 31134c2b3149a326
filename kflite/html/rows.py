"""Tables of a run's tasks, trials and artifacts."""

from __future__ import annotations

from collections.abc import Sequence

from kflite.core.event_kind import State
from kflite.core.value import Value
from kflite.figures.numbers import number
from kflite.figures.read import output_artifacts
from kflite.format import duration, short, size, value
from kflite.html.figure import header, table
from kflite.html.markup import Markup, tag
from kflite.plans.kinds import has_trials
from kflite.store.base import RunRow, TaskRow

ROWS = 500  # most rows of a table; further ones are counted


def more(count: int, columns: int) -> list[Markup]:
    """A last row with the number of rows that are not shown, if any."""
    rest = count - ROWS
    return [tag("tr", tag("td", f"{rest} more", class_="soft", colspan=str(columns)))] if rest > 0 else []


def state(word: str) -> Markup:
    """A state as a badge."""
    return tag("span", word, class_=f"state {word}")


def timeline(run: RunRow, tasks: Sequence[TaskRow]) -> Markup:
    """Tasks with their states and run times; if not all are shown, failed ones come first."""
    shown = [task for task in tasks if not task.group]
    if not shown:
        return Markup()
    if len(shown) > ROWS:
        shown.sort(key=lambda task: task.state is not State.FAILED)
    end = max((task.ended for task in shown if task.ended), default=run.created)
    rows = [_task(task, run.created, max(end - run.created, 1e-9)) for task in shown[:ROWS]]
    return table([_head()], [*rows, *more(len(shown), 4)], label="tasks")


def _head() -> Markup:
    names = [("task", None), ("state", None), ("took", "n"), ("when", "wide")]
    return tag("thead", tag("tr", [tag("th", name, scope="col", class_=style) for name, style in names]))


def _task(task: TaskRow, begin: float, span_s: float) -> Markup:
    took = task.ended - task.started if task.ended and task.started else None
    why = f"{task.reason}: {task.message}" if task.message else task.reason
    notes = [tag("span", why, class_="note")] if why else []
    bar: list[Markup] = []
    if task.started and took is not None:
        position = f"--from: {(task.started - begin) / span_s:.2%}; --for: {took / span_s:.2%}"
        bar = [tag("span", class_="bar", style=position)]
    word = task.state.value
    return tag(
        "tr",
        tag("th", task.task, notes, scope="row", class_=word if notes and word == "FAILED" else None),
        tag("td", state(word)),
        tag("td", duration(took), class_="n"),
        tag("td", bar, class_=f"line wide {word}", aria_hidden="true"),
    )


def trials(run: RunRow, tasks: Sequence[TaskRow]) -> Markup:
    """A search's trials, with their results."""
    shown = [task for task in tasks if task.group and task.title == "trial" and "/" not in task.task]
    if not shown or not has_trials(run.kind):
        return Markup()
    parameters = list(dict.fromkeys(name for task in shown for name in task.parameters))
    outputs = list(dict.fromkeys(name for task in shown for name in task.outputs))
    rows = [
        tag(
            "tr",
            tag("th", task.task, scope="row"),
            tag("td", state(task.state.value)),
            [numeric(task.parameters.get(name, "")) for name in parameters],
            [numeric(task.outputs.get(name, "")) for name in outputs],
        )
        for task in shown[:ROWS]
    ]
    head = header(["trial", "state", *parameters, *outputs], [*parameters, *outputs])
    return table([head], [*rows, *more(len(shown), 2 + len(parameters) + len(outputs))], style="", label="trials")


def numeric(value_given: Value) -> Markup:
    """A cell with a number to six digits; its tooltip has all digits."""
    exact = value(value_given) if number(value_given) is not None else None
    return tag("td", short(value_given), class_="n", title=exact)


def artifacts(tasks: Sequence[TaskRow]) -> Markup:
    """All artifacts of the tasks, with their URIs."""
    every = [(task.task, *pair) for task in tasks if not task.group for pair in output_artifacts(task)]
    rows = [
        tag(
            "tr",
            tag("th", f"{task}/{output}", scope="row"),
            tag("td", artifact.type.rpartition(".")[2]),
            tag("td", size(artifact.size) if artifact.size else "", class_="n"),
            tag("td", tag("code", artifact.uri)),
        )
        for task, output, artifact in every[:ROWS]
    ]
    names = ["artifact", "type", "size", "URI"]
    return table([header(names, ["size"])], [*rows, *more(len(every), 4)], label="artifacts") if rows else Markup()
