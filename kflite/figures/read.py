"""Reads figures from an artifact's metadata; malformed parts are left out with a warning.

The format is that of KFP v2's metric artifacts, schema version 0.0.1.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from math import isfinite, nan

from kflite.core.value import Artifact, Value
from kflite.figures.data import Confusion, Figure, Page, Roc, RocPoint, Slice, Table, Visualization
from kflite.figures.numbers import number
from kflite.store.base import TaskRow

_LONGEST = 40  # characters of a quoted value

Warnings = list[str]


def visualizations(tasks: Iterable[TaskRow]) -> list[Visualization]:
    """The visualizations of all tasks but groups, in the tasks' order: numbers, then curves, then documents of each."""
    return [visualization for task in tasks if not task.group for visualization in _ordered(task)]


def _ordered(task: TaskRow) -> list[Visualization]:
    kinds = list(_READERS)
    shown = (visualization for visualization in read_task(task) if visualization.figures or visualization.warnings)
    return sorted(shown, key=lambda visualization: kinds.index(kind(visualization.artifact)))


def read_task(task: TaskRow) -> Iterator[Visualization]:
    """The visualizations of a task's output artifacts."""
    return (read(artifact, task.task, output) for output, artifact in output_artifacts(task))


def output_artifacts(task: TaskRow) -> Iterator[tuple[str, Artifact]]:
    """A task's output artifacts by output name; members of lists are numbered: `plots[0]`."""
    for name, group in task.artifacts.items():
        documents = group if isinstance(group, list) else []
        for index, document in enumerate(documents):
            if isinstance(document, dict):
                yield f"{name}[{index}]" if len(documents) > 1 else name, Artifact.from_json(document)


def read(artifact: Artifact, task: str = "", output: str = "") -> Visualization:
    """The artifact with its figures; an artifact of another type has none."""
    warnings: Warnings = []
    reader = _READERS.get(kind(artifact))
    figures = tuple(reader(artifact.metadata, warnings)) if reader else ()
    if reader and not figures and not warnings:
        warnings.append("nothing was logged")
    return Visualization(task, output, artifact, figures, tuple(warnings))


def kind(artifact: Artifact) -> str:
    """The artifact's type without its namespace: `ClassificationMetrics` for `system.` or `google.`."""
    return artifact.type.rpartition(".")[2]


def _metrics(metadata: Mapping[str, Value], _: Warnings) -> Iterator[Figure]:
    if metadata:
        yield Table(metadata)


def _classification(metadata: Mapping[str, Value], warnings: Warnings) -> Iterator[Table | Roc | Confusion]:
    rest = {name: value for name, value in metadata.items() if name not in ("confidenceMetrics", "confusionMatrix")}
    if rest:
        yield Table(rest)
    if "confidenceMetrics" in metadata:
        yield from _roc(metadata["confidenceMetrics"], warnings)
    if "confusionMatrix" in metadata:
        yield from _confusion(metadata["confusionMatrix"], warnings)


def _sliced(metadata: Mapping[str, Value], warnings: Warnings) -> Iterator[Figure]:
    rest = {name: value for name, value in metadata.items() if name != "evaluationSlices"}
    if rest:
        yield Table(rest)
    for index, entry in enumerate(_list(metadata.get("evaluationSlices", []), "evaluationSlices", warnings)):
        yield from _slice(entry, f"evaluationSlices[{index}]", warnings)


def _slice(entry: Value, where: str, warnings: Warnings) -> Iterator[Slice]:
    metrics = entry.get("sliceClassificationMetrics") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(metrics, dict):
        warnings.append(f"{where} is {_quoted(entry)}: it must hold slice and sliceClassificationMetrics")
        return
    name, slice_warnings = _text(entry.get("slice", "")), Warnings()
    figures = tuple(_classification(metrics, slice_warnings))
    warnings += [f"slice {name}: {sentence}" for sentence in slice_warnings]
    yield Slice(name, figures)


def _roc(value: Value, warnings: Warnings) -> Iterator[Roc]:
    entries = _list(value, "confidenceMetrics", warnings)
    points = [_point(entry) for entry in entries]
    invalid = [index for index, point in enumerate(points) if point is None]
    if invalid:
        warnings.append(f"{_fault(entries[invalid[0]], invalid[0])}; {len(invalid)} of {len(entries)} points are left out")
    if len(invalid) < len(entries):
        yield Roc(tuple(sorted(point for point in points if point)))


def _point(entry: Value) -> RocPoint | None:
    if not isinstance(entry, dict):
        return None
    fpr, tpr, threshold = (number(entry.get(name)) for name in ("falsePositiveRate", "recall", "confidenceThreshold"))
    if fpr is None or tpr is None or not (0 <= fpr <= 1 and 0 <= tpr <= 1):
        return None
    return RocPoint(fpr, tpr, nan if threshold is None else threshold)


def _fault(entry: Value, index: int) -> str:
    where = f"confidenceMetrics[{index}]"
    if not isinstance(entry, dict):
        return f"{where} is {_quoted(entry)}, and must be an object"
    rates = {name: number(entry.get(name)) for name in ("falsePositiveRate", "recall")}
    name = next(name for name, rate in rates.items() if rate is None or not 0 <= rate <= 1)
    return f"{where}.{name} is {_quoted(entry.get(name))}, and must be a number from 0 to 1"


def _confusion(value: Value, warnings: Warnings) -> Iterator[Confusion]:
    if not isinstance(value, dict):
        warnings.append(f"confusionMatrix is {_quoted(value)}, and must hold annotationSpecs and rows")
        return
    specs = _list(value.get("annotationSpecs"), "confusionMatrix.annotationSpecs", warnings)
    labels = tuple(_text(spec.get("displayName", "") if isinstance(spec, dict) else spec) for spec in specs)
    entries = _list(value.get("rows"), "confusionMatrix.rows", warnings)
    rows = [_row(entry, f"confusionMatrix.rows[{index}]", warnings) for index, entry in enumerate(entries)]
    valid = tuple(row for row in rows if row is not None)
    if labels and len(valid) == len(labels) and all(len(row) == len(labels) for row in valid):
        yield Confusion(labels, valid)
    else:
        widths = sorted({len(row) for row in valid})
        shape = f"{len(valid)} sound rows of {' or '.join(map(str, widths)) or 'no'} values"
        warnings.append(f"confusionMatrix has {len(labels)} categories and {shape}: it is not drawn")


def _row(entry: Value, where: str, warnings: Warnings) -> tuple[float, ...] | None:
    cells = _list(entry.get("row") if isinstance(entry, dict) else entry, where, warnings)
    counts = [number(cell) for cell in cells]
    valid = [count for count in counts if count is not None and isfinite(count) and count >= 0]
    if len(valid) < len(counts):
        warnings.append(f"{where} is {_quoted(cells)}, and must be a list of counts")
        return None
    return tuple(valid)


_READERS: dict[str, Callable[[Mapping[str, Value], Warnings], Iterable[Figure]]] = {
    "Metrics": _metrics,
    "ClassificationMetrics": _classification,
    "SlicedClassificationMetrics": _sliced,
    "Markdown": lambda *_: (Page("Markdown"),),
    "HTML": lambda *_: (Page("HTML"),),
}


def _list(value: Value, where: str, warnings: Warnings) -> list[Value]:
    if isinstance(value, list):
        return value
    warnings.append(f"{where} is {_quoted(value)}, and must be a list")
    return []


def _text(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _quoted(value: Value) -> str:
    if value is None:
        return "missing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
