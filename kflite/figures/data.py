"""What can be shown of an artifact: numbers by name, ROC curves, confusion matrices, the same by slices, and documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, TypeAlias

from kflite.core.value import Artifact, Value


@dataclass(frozen=True, slots=True)
class Table:
    """Values by name; numbers but for what somebody logged instead."""

    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """A point of a ROC curve. fpr, tpr: rates from 0 to 1; the first threshold of a curve is often infinite."""

    fpr: float
    tpr: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Roc:
    """A ROC curve. points: by rising false positive rate."""

    points: tuple[Point, ...]

    @property
    def corners(self) -> list[tuple[float, float]]:
        """(fpr, tpr) of the curve's corners, from (0, 0) to (1, 1), which every curve goes through."""
        return [(0.0, 0.0), *((point.fpr, point.tpr) for point in self.points), (1.0, 1.0)]

    @property
    def auc(self) -> float:
        """The area under the curve, by trapezoids."""
        return sum((right[0] - left[0]) * (left[1] + right[1]) / 2 for left, right in pairwise(self.corners))


@dataclass(frozen=True, slots=True)
class Confusion:
    """A confusion matrix. rows: by true label, in each the counts by predicted label; as many as labels."""

    labels: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]

    @property
    def total(self) -> float:
        return sum(map(sum, self.rows))

    @property
    def right(self) -> float | None:
        """The share on the diagonal; None where nothing was counted."""
        return sum(row[i] for i, row in enumerate(self.rows)) / self.total if self.total else None

    def share(self, row: int, column: int) -> float:
        """The part of what has the row's label that was taken for the column's; 0 where there is nothing."""
        whole = sum(self.rows[row])
        return self.rows[row][column] / whole if whole else 0.0

    def recall(self, label: int) -> float | None:
        """The part of what has the label that was found; None where nothing has it."""
        whole = sum(self.rows[label])
        return self.rows[label][label] / whole if whole else None

    def precision(self, label: int) -> float | None:
        """The part of what was taken for the label that has it; None where nothing was."""
        whole = sum(row[label] for row in self.rows)
        return self.rows[label][label] / whole if whole else None

    def mistakes(self, most: int) -> list[tuple[int, int]]:
        """(true, predicted) of the most frequent mistakes, the most frequent first."""
        cells = [(i, j) for i, row in enumerate(self.rows) for j, count in enumerate(row) if i != j and count]
        return sorted(cells, key=lambda cell: -self.rows[cell[0]][cell[1]])[:most]


@dataclass(frozen=True, slots=True)
class Slice:
    """What was measured on one part of the data."""

    name: str
    figures: tuple[Table | Roc | Confusion, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A document: the content of the artifact's file."""

    kind: Literal["HTML", "Markdown"]


Figure: TypeAlias = Table | Roc | Confusion | Slice | Page


@dataclass(frozen=True, slots=True)
class Exhibit:
    """An artifact and what it shows. troubles: what in its metadata could not be shown, in sentences."""

    task: str
    output: str
    artifact: Artifact
    figures: tuple[Figure, ...]
    troubles: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        """`train/choose/confusion`; what is the run's own output has no task."""
        return f"{self.task}/{self.output}" if self.task else self.output

    @property
    def is_page(self) -> bool:
        """Whether it is a document."""
        return any(isinstance(figure, Page) for figure in self.figures)


def number(value: Value) -> float | None:
    """A number as a float; None for anything else, and for what is too large for one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None
