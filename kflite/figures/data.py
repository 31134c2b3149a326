"""Figures of an artifact: tables of numbers, ROC curves, confusion matrices, slices of these, and documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, TypeAlias

from kflite.core.value import Artifact, Value


@dataclass(frozen=True, slots=True)
class Table:
    """Values by name; usually numbers."""

    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True, order=True)
class RocPoint:
    """A point of a ROC curve. fpr, tpr: rates from 0 to 1; the first threshold of a curve is often infinite."""

    fpr: float
    tpr: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Roc:
    """A ROC curve. points: by increasing false positive rate."""

    points: tuple[RocPoint, ...]

    @property
    def corners(self) -> list[tuple[float, float]]:
        """(fpr, tpr) of the curve's corners, including (0, 0) and (1, 1)."""
        return [(0.0, 0.0), *((point.fpr, point.tpr) for point in self.points), (1.0, 1.0)]

    @property
    def auc(self) -> float:
        """The area under the curve, by trapezoids."""
        return sum((right[0] - left[0]) * (left[1] + right[1]) / 2 for left, right in pairwise(self.corners))


@dataclass(frozen=True, slots=True)
class Confusion:
    """A square confusion matrix. rows: by true label; each has counts by predicted label."""

    labels: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]

    @property
    def total(self) -> float:
        return sum(map(sum, self.rows))

    @property
    def right(self) -> float | None:
        """The share on the diagonal; None without counts."""
        return sum(row[i] for i, row in enumerate(self.rows)) / self.total if self.total else None

    def share(self, row: int, column: int) -> float:
        """The share of the row's label that was predicted as the column's; 0 without counts."""
        total = sum(self.rows[row])
        return self.rows[row][column] / total if total else 0.0

    def recall(self, label: int) -> float | None:
        """The share of the label that was predicted correctly; None without counts."""
        total = sum(self.rows[label])
        return self.rows[label][label] / total if total else None

    def precision(self, label: int) -> float | None:
        """The share of predictions of the label that are correct; None without predictions."""
        total = sum(row[label] for row in self.rows)
        return self.rows[label][label] / total if total else None

    def mistakes(self, most: int) -> list[tuple[int, int]]:
        """(true, predicted) of the most frequent mistakes, in this order."""
        cells = [(i, j) for i, row in enumerate(self.rows) for j, count in enumerate(row) if i != j and count]
        return sorted(cells, key=lambda cell: -self.rows[cell[0]][cell[1]])[:most]


@dataclass(frozen=True, slots=True)
class Slice:
    """Figures of one slice of the data."""

    name: str
    figures: tuple[Table | Roc | Confusion, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A document in the artifact's file."""

    kind: Literal["HTML", "Markdown"]


Figure: TypeAlias = Table | Roc | Confusion | Slice | Page


@dataclass(frozen=True, slots=True)
class Visualization:
    """An artifact and its figures. warnings: sentences about metadata that cannot be shown."""

    task: str
    output: str
    artifact: Artifact
    figures: tuple[Figure, ...]
    warnings: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        """`train/choose/confusion`; outputs of the run have no task."""
        return f"{self.task}/{self.output}" if self.task else self.output

    @property
    def is_page(self) -> bool:
        """Whether it is a document."""
        return any(isinstance(figure, Page) for figure in self.figures)
