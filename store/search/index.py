"""The changes of the tables that runs are searched by: parameters, labels and experiments.

Pure, like `projection`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kflite.core.event import Event
from kflite.core.run_event import RunLabelled, RunSubmitted
from kflite.core.value import Value
from kflite.store.cells import Change, clean, dumps, number

# Indexed characters of a value: PostgreSQL's indexes refuse texts of 2.7 kB.
LONGEST = 500

NEW_PARAMETER = "INSERT INTO parameter(run, name, value, number) VALUES(?, ?, ?, ?) ON CONFLICT(run, name) DO NOTHING"
NEW_LABEL = "INSERT INTO label(run, name, value) VALUES(?, ?, ?) ON CONFLICT(run, name) DO UPDATE SET value = excluded.value"
NO_LABEL = "DELETE FROM label WHERE run = ? AND name = ?"
NEW_EXPERIMENT = (
    "INSERT INTO experiment(name, description, created, archived) VALUES(?, '', ?, NULL) ON CONFLICT(name) DO NOTHING"
)


def searchable(value: Value) -> str:
    """A value as searchable text: a text itself, other values as JSON."""
    return clean(value if isinstance(value, str) else dumps(value))[:LONGEST]


def submission_changes(event: Event, data: RunSubmitted) -> Iterator[Change]:
    """Changes for a new run."""
    for name, value in data.parameters.items():
        yield NEW_PARAMETER, (event.run, clean(name), searchable(value), number(value))
    yield from _labels(event.run, data.options.labels)
    if data.experiment:
        yield NEW_EXPERIMENT, (clean(data.experiment), event.at)


def label_changes(event: Event) -> Iterator[Change]:
    """Changes for an event that sets labels."""
    if isinstance(event.data, RunLabelled):
        yield from _labels(event.run, event.data.labels)


def _labels(run: str, labels: Mapping[str, str | None]) -> Iterator[Change]:
    for name, value in labels.items():
        if value is None:
            yield NO_LABEL, (run, clean(name))
        else:
            yield NEW_LABEL, (run, clean(name), clean(value))
