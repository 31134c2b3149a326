"""Runs side by side: parameters, outputs, metrics, curves, matrices, and what came from the cache.

Pure, but for `compare`, which reads runs that are named.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from kflite.client.describe import outputs_json
from kflite.client.figures.data import Confusion, Exhibit, Figure, Roc, Slice
from kflite.client.figures.metrics import metrics
from kflite.client.figures.read import exhibits
from kflite.client.handle import Run
from kflite.errors import InputError
from kflite.event import State
from kflite.store.base import RunRow, TaskRow
from kflite.value import Value

SECTIONS = ("run", "parameters", "outputs", "metrics", "roc", "confusion", "tasks")

T = TypeVar("T")
Columns = Mapping[str, tuple[T | None, ...]]  # by name, for each run; None where a run has none


@dataclass(frozen=True, slots=True)
class Entry:
    """A value in each run; None where a run has none."""

    section: str
    name: str
    values: tuple[Value, ...]

    @property
    def same(self) -> bool:
        return all(value == self.values[0] for value in self.values)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What runs have in common, and where they differ.

    entries: those of `roc` are areas under curves, those of `confusion` shares that are right. curves, matrices: by
    `task/output`, or `task/output/slice`.
    """

    runs: tuple[RunRow, ...]
    entries: tuple[Entry, ...]
    curves: Columns[Roc]
    matrices: Columns[Confusion]

    def json(self) -> dict[str, Value]:
        """What `kflite diff --json` prints: by section and name, the value in each run."""
        out: dict[str, Value] = {"runs": [run.run for run in self.runs]}
        for section in SECTIONS:
            held = [entry for entry in self.entries if entry.section == section]
            out[section] = {entry.name: {"values": list(entry.values), "same": entry.same} for entry in held}
        return out

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the comparison as a page for a browser, with curves over each other; returns its absolute path."""
        from kflite.client.page.comparison import comparison_page
        from kflite.client.page.document import write

        return write(comparison_page(self), Path(path))

    def _repr_html_(self) -> str:
        from kflite.client.page.comparison import comparison
        from kflite.client.page.document import part

        return part(comparison(self))


def compare(*runs: Run | str, store: str = "", home: str = "") -> Comparison:
    """Compare runs: handles, or ids or unique beginnings of ids. The first one is what the others are compared with.

    store, home: where runs that are named are, if the settings do not say so. Raises InputError for fewer than two, NotFound.
    """
    if len(runs) < 2:
        raise InputError(f"a comparison takes two runs or more, not {len(runs)}")
    return of([_read(run, store, home) if isinstance(run, str) else _held(run) for run in runs])


def _held(run: Run) -> tuple[RunRow, list[TaskRow]]:
    return run.row, [task.row for task in run.tasks.values()]


def _read(run: str, store: str, home: str) -> tuple[RunRow, list[TaskRow]]:
    from kflite import config
    from kflite import store as stores

    given = {name: text for name, text in (("store", store), ("home", home)) if text}
    opened = stores.open(config.load(given).store)
    try:
        row = opened.run(run)
        return row, opened.tasks(row.run)
    finally:
        opened.close()


def of(sides: Sequence[tuple[RunRow, Sequence[TaskRow]]]) -> Comparison:
    """The comparison of runs with their tasks."""
    shown = [exhibits(tasks) for _, tasks in sides]
    drawn = [list(_drawn(each)) for each in shown]
    curves = _columns([{name: it for name, it in side if isinstance(it, Roc)} for side in drawn])
    matrices = _columns([{name: it for name, it in side if isinstance(it, Confusion)} for side in drawn])
    held = [_values(run, tasks, each) for (run, tasks), each in zip(sides, shown, strict=True)]
    rows: dict[str, Columns[Value]] = {section: _columns([side[section] for side in held]) for section in held[0]}
    rows["roc"] = {name: tuple(it.auc if it else None for it in row) for name, row in curves.items()}
    rows["confusion"] = {name: tuple(it.right if it else None for it in row) for name, row in matrices.items()}
    entries = tuple(Entry(section, name, row) for section in SECTIONS for name, row in rows[section].items())
    return Comparison(tuple(run for run, _ in sides), entries, curves, matrices)


def _columns(sides: Sequence[Mapping[str, T]]) -> dict[str, tuple[T | None, ...]]:
    names = dict.fromkeys(name for side in sides for name in side)
    return {name: tuple(side.get(name) for side in sides) for name in names}


def _values(run: RunRow, tasks: Sequence[TaskRow], shown: Sequence[Exhibit]) -> dict[str, Mapping[str, Value]]:
    return {
        "run": {"state": run.state.value, "pipeline": run.pipeline, "plan": run.plan[:12], "on": run.on},
        "parameters": run.parameters,
        "outputs": {name: _content(value) for name, value in outputs_json(run.outputs).items()},
        "metrics": metrics(tasks, shown),
        "tasks": {task.task: _how(task) for task in tasks if not task.group},
    }


def _drawn(shown: Iterable[Exhibit]) -> Iterator[tuple[str, Figure]]:
    for exhibit in shown:
        for figure in exhibit.figures:
            if isinstance(figure, Slice):
                yield from ((f"{exhibit.name}/{figure.name}", inner) for inner in figure.figures)
            else:
                yield exhibit.name, figure


def _content(value: Value) -> Value:
    """An artifact is the same where its bytes are, wherever they lie."""
    digest = value.get("digest") if isinstance(value, dict) else None
    return digest or value


def _how(task: TaskRow) -> str:
    if task.reason == "cached":
        return "cached"
    again = f", {task.attempts} attempts" if task.attempts > 1 else ""
    why = f" ({task.reason})" if task.reason and task.state is not State.SUCCEEDED else ""
    return f"{task.state.value}{why}{again}"
