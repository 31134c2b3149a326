"""Runs side by side: parameters, outputs, metrics, curves, matrices, and what came from the cache. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from kflite.core.event_kind import State
from kflite.core.frozen import dataclass
from kflite.core.value import Value
from kflite.figures.data import Confusion, Figure, Roc, Slice, Visualization
from kflite.figures.metrics import metrics
from kflite.figures.read import visualizations
from kflite.runs.as_json import outputs_json
from kflite.store.base import RunRow, TaskRow

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
class ComparedRuns:
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
            entries = [entry for entry in self.entries if entry.section == section]
            out[section] = {entry.name: {"values": list(entry.values), "same": entry.same} for entry in entries}
        return out


def compared(sides: Sequence[tuple[RunRow, Sequence[TaskRow]]]) -> ComparedRuns:
    """The comparison of runs with their tasks."""
    shown = [visualizations(tasks) for _, tasks in sides]
    drawn = [list(_drawn(each)) for each in shown]
    curves = _columns([{name: it for name, it in side if isinstance(it, Roc)} for side in drawn])
    matrices = _columns([{name: it for name, it in side if isinstance(it, Confusion)} for side in drawn])
    sections = [_values(run, tasks, each) for (run, tasks), each in zip(sides, shown, strict=True)]
    rows: dict[str, Columns[Value]] = {section: _columns([side[section] for side in sections]) for section in sections[0]}
    rows["roc"] = {name: tuple(it.auc if it else None for it in row) for name, row in curves.items()}
    rows["confusion"] = {name: tuple(it.right if it else None for it in row) for name, row in matrices.items()}
    entries = tuple(Entry(section, name, row) for section in SECTIONS for name, row in rows[section].items())
    return ComparedRuns(tuple(run for run, _ in sides), entries, curves, matrices)


def _columns(sides: Sequence[Mapping[str, T]]) -> dict[str, tuple[T | None, ...]]:
    names = dict.fromkeys(name for side in sides for name in side)
    return {name: tuple(side.get(name) for side in sides) for name in names}


def _values(run: RunRow, tasks: Sequence[TaskRow], shown: Sequence[Visualization]) -> dict[str, Mapping[str, Value]]:
    return {
        "run": {"state": run.state.value, "pipeline": run.pipeline, "plan": run.plan[:12], "on": run.on},
        "parameters": run.parameters,
        "outputs": {name: _content(value) for name, value in outputs_json(run.outputs).items()},
        "metrics": metrics(tasks, shown),
        "tasks": {task.task: _how(task) for task in tasks if not task.group},
    }


def _drawn(shown: Iterable[Visualization]) -> Iterator[tuple[str, Figure]]:
    for visualization in shown:
        for figure in visualization.figures:
            if isinstance(figure, Slice):
                yield from ((f"{visualization.name}/{figure.name}", inner) for inner in figure.figures)
            else:
                yield visualization.name, figure


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
