"""A run's metrics: numbers that tasks logged or returned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from kflite.core.value import Value
from kflite.figures.data import Slice, Table, Visualization
from kflite.figures.numbers import number
from kflite.store.base import TaskRow


def metrics(tasks: Iterable[TaskRow], shown: Iterable[Visualization]) -> Mapping[str, float]:
    """Metrics by `task/metric`, or by `task/output/metric` if two outputs of a task have a metric of the same name.

    Those of a slice are `task/output/slice/metric`. shown: the tasks' visualizations.
    """
    entries = [(task.task, "parameters", *pair) for task in tasks if not task.group for pair in _numbers(task.outputs)]
    entries += [(each.task, each.output, *pair) for each in shown for pair in _of(each)]
    counts = Counter((task, name) for task, _, name, _ in entries)
    return {
        f"{task}/{name}" if counts[task, name] == 1 else f"{task}/{output}/{name}": value for task, output, name, value in entries
    }


def _of(visualization: Visualization) -> Iterator[tuple[str, float]]:
    for figure in visualization.figures:
        if isinstance(figure, Table):
            yield from _numbers(figure.values)
        elif isinstance(figure, Slice):
            tables = [inner for inner in figure.figures if isinstance(inner, Table)]
            yield from (
                (f"{visualization.output}/{figure.name}/{name}", it) for each in tables for name, it in _numbers(each.values)
            )


def _numbers(values: Mapping[str, Value]) -> Iterator[tuple[str, float]]:
    for name, value in values.items():
        if (value := number(value)) is not None:
            yield name, value
