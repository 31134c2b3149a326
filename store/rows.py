"""From rows of the database to the data of the seam. Columns are named here, in the order in which they are read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from kflite.core.event import Event, Kind, State
from kflite.core.value import Artifact
from kflite.store.base import ArtifactRow, AttemptRow, CacheRow, RunRow, TaskRow

Row = Sequence[Any]

EVENT = "run, kind, at, task, attempt, data, seq"
RUN = (
    'run, name, kind, state, reason, pipeline, experiment, place, "plan", created, started, ended, owner,'
    " parameters, outputs, options, archived"
)
TASK = (
    "run, task, title, state, reason, message, attempts, executor, queued, started, ended, is_group, cache_key, source,"
    " parameters, inputs, outputs, artifacts"
)
ATTEMPT = "run, task, attempt, state, executor, ref, code, reason, message, started, ended"
ARTIFACT = "id, run, task, output, created, document"
CACHE = "cache_key, run, task, title, pipeline, created, expires, material, outputs"


def event(row: Row) -> Event:
    """A row of EVENT."""
    run, kind, at, task, attempt, data, seq = row
    return Event(run, Kind(kind), at, task, attempt, json.loads(data), seq)


def run(row: Row) -> RunRow:
    """A row of RUN; labels are read beside it."""
    *head, parameters, outputs, options, archived = row
    head[3] = State(head[3])
    return RunRow(*head, *map(json.loads, (parameters, outputs, options)), *[archived])


def task(row: Row) -> TaskRow:
    """A row of TASK."""
    *head, parameters, inputs, outputs, artifacts = row
    head[3], head[11] = State(head[3]), bool(head[11])
    return TaskRow(*head, *map(json.loads, (parameters, inputs, outputs, artifacts)))


def attempt(row: Row) -> AttemptRow:
    """A row of ATTEMPT."""
    run, task, number, state, *rest = row
    return AttemptRow(run, task, number, State(state), *rest)


def artifact(row: Row) -> ArtifactRow:
    """A row of ARTIFACT."""
    *head, document = row
    return ArtifactRow(*head, *[Artifact.from_json(json.loads(document))])


def cache(row: Row) -> CacheRow:
    """A row of CACHE."""
    *head, material, outputs = row
    return CacheRow(*head, *map(json.loads, (material, outputs)))
