"""From rows of the database to the data of the seam: each dataclass is read from the columns that its fields name."""

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

# How a cell becomes a field of this type; others are as they are.
_READ: Mapping[str, Callable[[Any], object]] = {
    "State": State,
    "bool": bool,
    "Mapping[str, Value]": json.loads,
    "Mapping[str, str]": json.loads,
    "Artifact": lambda text: Artifact.from_json(json.loads(text)),
}


class Rows(Generic[T]):
    """Makes a dataclass from a row of `columns`. beside: its last fields, which are not read from there."""

    def __init__(self, made: type[T], *beside: str) -> None:
        held = [each for each in fields(made) if each.name not in beside]  # type: ignore[arg-type]
        self.columns = ", ".join(column(each.name) for each in held)
        self._made = made
        self._read = [(place, _READ[str(each.type)]) for place, each in enumerate(held) if each.type in _READ]

    def __call__(self, row: Row) -> T:
        cells = list(row)
        for place, read in self._read:
            cells[place] = read(cells[place])
        return self._made(*cells)


RUN = Rows(RunRow, "labels")
TASK = Rows(TaskRow)
ATTEMPT = Rows(AttemptRow)
ARTIFACT = Rows(ArtifactRow, "source")
CACHE = Rows(CacheRow)
POINT = Rows(Point)


def point(row: Row) -> Point:
    """A row of POINT. The value that the database has not is no number."""
    return POINT([math.nan if cell is None else cell for cell in row])


EVENT = "run, kind, at, task, attempt, seq, data"


def event(row: Row) -> Event:
    """A row of EVENT. Raises EventError."""
    run, kind, at, task, attempt, seq, data = row
    return Event(run, from_json(kind, json.loads(data), run, seq), at, task, attempt, seq)
