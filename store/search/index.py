"""What runs are found by, from their events: parameters, labels and their experiment.

Pure, as the rest of the projection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kflite.core.event import Event
from kflite.core.run_event import RunLabelled, RunSubmitted
from kflite.core.value import Value
from kflite.store.cells import Change, clean, dumps, number

# Characters of a value by which it is found: PostgreSQL's indexes refuse texts of 2.7 kB.
LONGEST = 500

NEW_PARAMETER = "INSERT INTO parameter(run, name, value, number) VALUES(?, ?, ?, ?) ON CONFLICT(run, name) DO NOTHING"
NEW_LABEL = "INSERT INTO label(run, name, value) VALUES(?, ?, ?) ON CONFLICT(run, name) DO UPDATE SET value = excluded.value"
NO_LABEL = "DELETE FROM label WHERE run = ? AND name = ?"
NEW_EXPERIMENT = (
    "INSERT INTO experiment(name, description, created, archived) VALUES(?, '', ?, NULL) ON CONFLICT(name) DO NOTHING"
)


def searchable(value: Value) -> str:
    """The text by which a value is found: a text itself, anything else as JSON."""
    return clean(value if isinstance(value, str) else dumps(value))[:LONGEST]


def submitted(event: Event, data: RunSubmitted) -> Iterator[Change]:
    """What a new run is found by."""
    for name, value in data.parameters.items():
        yield NEW_PARAMETER, (event.run, clean(name), searchable(value), number(value))
    yield from _labels(event.run, data.options.labels)
    if data.experiment:
        yield NEW_EXPERIMENT, (clean(data.experiment), event.at)


def changed(event: Event) -> Iterator[Change]:
    """What the user changes of that at any time."""
    if isinstance(event.data, RunLabelled):
        yield from _labels(event.run, event.data.labels)


def _labels(run: str, labels: Mapping[str, str | None]) -> Iterator[Change]:
    for name, value in labels.items():
        if value is None:
            yield NO_LABEL, (run, clean(name))
        else:
            yield NEW_LABEL, (run, clean(name), clean(value))
