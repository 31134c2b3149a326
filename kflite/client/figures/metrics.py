"""The numbers of a run: what tasks logged, and what they returned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from kflite.client.figures.data import Slice, Table
from kflite.client.figures.read import exhibits, number
from kflite.store.base import TaskRow
from kflite.value import Value


def metrics(tasks: Iterable[TaskRow]) -> Mapping[str, float]:
    """By `task/metric`; by `task/output/metric` where two outputs of a task have one of the same name, or it is of a slice."""
    found = [entry for task in tasks if not task.group for entry in _of(task)]
    often = Counter((task, name) for task, _, name, _ in found)
    return {f"{task}/{name}" if often[task, name] == 1 else f"{task}/{output}/{name}": held for task, output, name, held in found}


def _of(task: TaskRow) -> Iterator[tuple[str, str, str, float]]:
    yield from ((task.task, "parameters", name, held) for name, held in _numbers(task.outputs))
    for exhibit in exhibits([task]):
        for figure in exhibit.figures:
            if isinstance(figure, Table):
                yield from ((task.task, exhibit.output, name, held) for name, held in _numbers(figure.values))
            if isinstance(figure, Slice):
                tables = [inner for inner in figure.figures if isinstance(inner, Table)]
                pairs = [pair for table in tables for pair in _numbers(table.values)]
                yield from ((task.task, exhibit.output, f"{exhibit.output}/{figure.name}/{name}", held) for name, held in pairs)


def _numbers(values: Mapping[str, Value]) -> Iterator[tuple[str, float]]:
    for name, value in values.items():
        if (held := number(value)) is not None:
            yield name, held
