"""From rows of the database to the seam's dataclasses, whose fields name the columns."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Generic, TypeVar

from kflite.core.event import Event, Point
from kflite.core.event_json import from_json
from kflite.core.event_kind import State
from kflite.core.value import Artifact
from kflite.store.base import ArtifactRow, AttemptRow, CacheRow, RunRow, TaskRow
from kflite.store.columns import column

Row = Sequence[Any]
T = TypeVar("T")

# How a cell becomes a field of this type; other cells stay as they are.
_READ: Mapping[str, Callable[[Any], object]] = {
    "State": State,
    "bool": bool,
    "Mapping[str, Value]": json.loads,
    "Mapping[str, str]": json.loads,
    "Artifact": lambda text: Artifact.from_json(json.loads(text)),
}


class Rows(Generic[T]):
    """Makes a dataclass from a row of `columns`. omitted: its last fields, which no column has."""

    def __init__(self, row_type: type[T], *omitted: str) -> None:
        read_fields = [each for each in fields(row_type) if each.name not in omitted]  # type: ignore[arg-type]
        self.columns = ", ".join(column(each.name) for each in read_fields)
        self._row_type = row_type
        self._read = [(index, _READ[str(each.type)]) for index, each in enumerate(read_fields) if each.type in _READ]

    def __call__(self, row: Row) -> T:
        cells = list(row)
        for index, read in self._read:
            cells[index] = read(cells[index])
        return self._row_type(*cells)


RUN = Rows(RunRow, "labels")
TASK = Rows(TaskRow)
ATTEMPT = Rows(AttemptRow)
ARTIFACT = Rows(ArtifactRow, "source")
CACHE = Rows(CacheRow)
POINT = Rows(Point)


def point(row: Row) -> Point:
    """From a row of POINT; NULL stands for NaN."""
    return POINT([math.nan if cell is None else cell for cell in row])


EVENT = "run, kind, at, task, attempt, seq, data"


def event(row: Row) -> Event:
    """From a row of EVENT. Raises EventError."""
    run, kind, at, task, attempt, seq, data = row
    return Event(run, from_json(kind, json.loads(data), run, seq), at, task, attempt, seq)
