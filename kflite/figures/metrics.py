"""The numbers of a run: what tasks logged, and what they returned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from kflite.core.value import Artifact, Value
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


def gist(artifacts: Mapping[str, tuple[Artifact, ...]]) -> str:
    """The first numbers of a task's metrics in a few words: `accuracy 0.9867  loss 0.12`."""
    metrics = (one.metadata for group in artifacts.values() for one in group if one.type.endswith(".Metrics"))
    numbers = (f"{name} {short(value)}" for held in metrics for name, value in held.items() if number(value) is not None)
    return clean("  ".join(islice(numbers, _FEW)))


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
