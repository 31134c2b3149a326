"""SQL that finds artifacts by the runs and tasks that made, read or reused them, and the rows that it gives."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kflite.core.value import Artifact
from kflite.store.base import ArtifactRow, Holding
from kflite.store.rows import ARTIFACT

if TYPE_CHECKING:
    from kflite.store.cells import Cell
    from kflite.store.connection import Row

# Up to so many URIs are searched for in JSON texts one by one; with more, all tasks of the runs are read.
MOST_NEEDLES = 20

CACHED = "SELECT run, task, source, ended, artifacts FROM task WHERE run = ? AND source != '' AND artifacts != '{}'"

_ARTIFACT_COLUMNS = ", ".join(f"a.{column}" for column in ARTIFACT.columns.split(", "))
ARTIFACTS_AT = (
    f"SELECT {_ARTIFACT_COLUMNS}, CASE WHEN t.run IS NULL THEN 'given' WHEN t.reason = 'imported' THEN 'imported' ELSE 'made' END"
    " FROM artifact a LEFT JOIN task t ON t.run = a.run AND t.task = a.task"
    " WHERE a.uri IN (%s) AND (t.run IS NULL OR NOT t.is_group) ORDER BY a.created, a.id"
)
CACHE_USERS = "SELECT run, artifacts FROM task WHERE source IN (%s) AND source != '' AND artifacts != '{}'"
READERS = "SELECT run, task, inputs FROM task WHERE run IN (%s) AND inputs != '{}'"


def holding(row: Row) -> Holding:
    """From a row of ARTIFACTS_AT."""
    *columns, how = row
    return Holding(ARTIFACT(columns), how)


def of_cached(row: Row) -> list[ArtifactRow]:
    """From a row of CACHED: its artifacts, with ids as if the task had made them."""
    run, task, source, ended, text = row
    return [
        ArtifactRow(
            f"{run}/{task}/{output}" + (f"[{index}]" if len(group) > 1 else ""), run, task, output, ended, artifact, source
        )
        for output, group in json.loads(text).items()
        for index, artifact in enumerate(map(Artifact.from_json, group))
    ]


def mentions(column: str, uris: Sequence[str]) -> tuple[str, list[Cell]]:
    """A condition, with its values, that a column's JSON may contain one of the URIs; "" for no URIs and for too many."""
    if not 0 < len(uris) <= MOST_NEEDLES:
        return "", []
    return f" AND ({' OR '.join([f'{column} LIKE ? ESCAPE ?'] * len(uris))})", [v for uri in uris for v in (_needle(uri), "!")]


def _needle(uri: str) -> str:
    text = json.dumps(uri)
    for special in "!%_":
        text = text.replace(special, f"!{special}")
    return f"%{text}%"
