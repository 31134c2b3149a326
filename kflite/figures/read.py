"""Reading figures from an artifact's metadata, whatever was logged there: what is not as it should be is told, and left out.

The shapes are those of KFP v2's metric artifacts, schema version 0.0.1.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from math import isfinite, nan

from kflite.core.value import Artifact, Value
from kflite.figures.data import Confusion, Exhibit, Figure, Page, Point, Roc, Slice, Table, number
from kflite.store.base import TaskRow

_LONGEST = 40  # characters of a value that a sentence quotes

Told = list[str]


def exhibits(tasks: Iterable[TaskRow]) -> list[Exhibit]:
    """What the tasks made that can be shown, in the tasks' order; of each numbers, curves, documents. Groups make nothing."""
    return [exhibit for task in tasks if not task.group for exhibit in _shown(task)]


def _shown(task: TaskRow) -> list[Exhibit]:
    kinds = list(_READERS)
    held = (exhibit for exhibit in of_task(task) if exhibit.figures or exhibit.troubles)
    return sorted(held, key=lambda exhibit: kinds.index(kind(exhibit.artifact)))


def of_task(task: TaskRow) -> Iterator[Exhibit]:
    """Each output artifact of a task, read."""
    return (read(artifact, task.task, output) for output, artifact in made(task))


def made(task: TaskRow) -> Iterator[tuple[str, Artifact]]:
    """Each output artifact of a task by its output's name; those of lists are counted: `plots[0]`."""
    for name, many in task.artifacts.items():
        held = many if isinstance(many, list) else []
        for index, one in enumerate(held):
            if isinstance(one, dict):
                yield f"{name}[{index}]" if len(held) > 1 else name, Artifact.from_json(one)


def read(artifact: Artifact, task: str = "", output: str = "") -> Exhibit:
    """The artifact with what it shows; nothing where it is of a type that shows nothing."""
    told: Told = []
    reader = _READERS.get(kind(artifact))
    figures = tuple(reader(artifact.metadata, told)) if reader else ()
    if reader and not figures and not told:
        told.append("nothing was logged")
    return Exhibit(task, output, artifact, figures, tuple(told))


def kind(artifact: Artifact) -> str:
    """The artifact's type without its name space: `ClassificationMetrics` of `system.` or `google.`."""
    return artifact.type.rpartition(".")[2]


def _metrics(metadata: Mapping[str, Value], _: Told) -> Iterator[Figure]:
    if metadata:
        yield Table(metadata)


def _classification(metadata: Mapping[str, Value], told: Told) -> Iterator[Table | Roc | Confusion]:
    rest = {name: value for name, value in metadata.items() if name not in ("confidenceMetrics", "confusionMatrix")}
    if rest:
        yield Table(rest)
    if "confidenceMetrics" in metadata:
        yield from _roc(metadata["confidenceMetrics"], told)
    if "confusionMatrix" in metadata:
        yield from _confusion(metadata["confusionMatrix"], told)


def _sliced(metadata: Mapping[str, Value], told: Told) -> Iterator[Figure]:
    rest = {name: value for name, value in metadata.items() if name != "evaluationSlices"}
    if rest:
        yield Table(rest)
    for index, entry in enumerate(_list(metadata.get("evaluationSlices", []), "evaluationSlices", told)):
        yield from _slice(entry, f"evaluationSlices[{index}]", told)


def _slice(entry: Value, where: str, told: Told) -> Iterator[Slice]:
    held = entry.get("sliceClassificationMetrics") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(held, dict):
        told.append(f"{where} is {_quoted(entry)}: it must hold slice and sliceClassificationMetrics")
        return
    name, inner = _text(entry.get("slice", "")), Told()
    figures = tuple(_classification(held, inner))
    told += [f"slice {name}: {sentence}" for sentence in inner]
    yield Slice(name, figures)


def _roc(held: Value, told: Told) -> Iterator[Roc]:
    entries = _list(held, "confidenceMetrics", told)
    points = [_point(entry) for entry in entries]
    bad = [index for index, point in enumerate(points) if point is None]
    if bad:
        told.append(f"{_fault(entries[bad[0]], bad[0])}; {len(bad)} of {len(entries)} points are left out")
    if len(bad) < len(entries):
        yield Roc(tuple(sorted(point for point in points if point)))


def _point(entry: Value) -> Point | None:
    if not isinstance(entry, dict):
        return None
    fpr, tpr, threshold = (number(entry.get(name)) for name in ("falsePositiveRate", "recall", "confidenceThreshold"))
    if fpr is None or tpr is None or not (0 <= fpr <= 1 and 0 <= tpr <= 1):
        return None
    return Point(fpr, tpr, nan if threshold is None else threshold)


def _fault(entry: Value, index: int) -> str:
    where = f"confidenceMetrics[{index}]"
    if not isinstance(entry, dict):
        return f"{where} is {_quoted(entry)}, and must be an object"
    rates = {name: number(entry.get(name)) for name in ("falsePositiveRate", "recall")}
    name = next(name for name, rate in rates.items() if rate is None or not 0 <= rate <= 1)
    return f"{where}.{name} is {_quoted(entry.get(name))}, and must be a number from 0 to 1"


def _confusion(held: Value, told: Told) -> Iterator[Confusion]:
    if not isinstance(held, dict):
        told.append(f"confusionMatrix is {_quoted(held)}, and must hold annotationSpecs and rows")
        return
    specs = _list(held.get("annotationSpecs"), "confusionMatrix.annotationSpecs", told)
    labels = tuple(_text(spec.get("displayName", "") if isinstance(spec, dict) else spec) for spec in specs)
    entries = _list(held.get("rows"), "confusionMatrix.rows", told)
    rows = [_row(entry, f"confusionMatrix.rows[{index}]", told) for index, entry in enumerate(entries)]
    sound = tuple(row for row in rows if row is not None)
    if labels and len(sound) == len(labels) and all(len(row) == len(labels) for row in sound):
        yield Confusion(labels, sound)
    else:
        widths = sorted({len(row) for row in sound})
        shape = f"{len(sound)} sound rows of {' or '.join(map(str, widths)) or 'no'} values"
        told.append(f"confusionMatrix has {len(labels)} categories and {shape}: it is not drawn")


def _row(entry: Value, where: str, told: Told) -> tuple[float, ...] | None:
    cells = _list(entry.get("row") if isinstance(entry, dict) else entry, where, told)
    counts = [number(cell) for cell in cells]
    sound = [count for count in counts if count is not None and isfinite(count) and count >= 0]
    if len(sound) < len(counts):
        told.append(f"{where} is {_quoted(cells)}, and must be a list of counts")
        return None
    return tuple(sound)


_READERS: dict[str, Callable[[Mapping[str, Value], Told], Iterable[Figure]]] = {
    "Metrics": _metrics,
    "ClassificationMetrics": _classification,
    "SlicedClassificationMetrics": _sliced,
    "Markdown": lambda *_: (Page("Markdown"),),
    "HTML": lambda *_: (Page("HTML"),),
}


def _list(held: Value, where: str, told: Told) -> list[Value]:
    if isinstance(held, list):
        return held
    told.append(f"{where} is {_quoted(held)}, and must be a list")
    return []


def _text(held: Value) -> str:
    return held if isinstance(held, str) else json.dumps(held)


def _quoted(held: Value) -> str:
    if held is None:
        return "missing"
    text = json.dumps(held, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
