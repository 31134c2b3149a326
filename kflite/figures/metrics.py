"""The numbers of a run: what tasks logged, and what they returned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from kflite.core.value import Value
from kflite.figures.data import Exhibit, Slice, Table, number
from kflite.format import clean, short
from kflite.store.base import TaskRow

_FEW = 3  # numbers that stand beside a task in a tree


def metrics(tasks: Iterable[TaskRow], shown: Iterable[Exhibit]) -> Mapping[str, float]:
    """By `task/metric`; by `task/output/metric` where two outputs of a task have one of the same name.

    Those of a slice are `task/output/slice/metric`. shown: the tasks' exhibits.
    """
    found = [(task.task, "parameters", *pair) for task in tasks if not task.group for pair in _numbers(task.outputs)]
    found += [(each.task, each.output, *pair) for each in shown for pair in _of(each)]
    often = Counter((task, name) for task, _, name, _ in found)
    return {f"{task}/{name}" if often[task, name] == 1 else f"{task}/{output}/{name}": held for task, output, name, held in found}


def gist(artifacts: Mapping[str, Value]) -> str:
    """The first numbers of a task's metrics in a few words: `accuracy 0.9867  loss 0.12`; takes what rows and events hold."""
    numbers: list[str] = []
    for many in artifacts.values():
        for one in many if isinstance(many, list) else ():
            if (
                isinstance(one, dict)
                and str(one.get("type")).endswith(".Metrics")
                and isinstance(held := one.get("metadata"), dict)
            ):
                numbers += [f"{name} {short(value)}" for name, value in held.items() if number(value) is not None]
    return clean("  ".join(numbers[:_FEW]))


def _of(exhibit: Exhibit) -> Iterator[tuple[str, float]]:
    for figure in exhibit.figures:
        if isinstance(figure, Table):
            yield from _numbers(figure.values)
        elif isinstance(figure, Slice):
            tables = [inner for inner in figure.figures if isinstance(inner, Table)]
            yield from ((f"{exhibit.output}/{figure.name}/{name}", it) for each in tables for name, it in _numbers(each.values))


def _numbers(values: Mapping[str, Value]) -> Iterator[tuple[str, float]]:
    for name, value in values.items():
        if (held := number(value)) is not None:
            yield name, held
