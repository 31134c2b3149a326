"""What runs are found by, from their events: parameters, labels, whether they are archived, and their experiment.

Pure, as the rest of the projection.
"""

from __future__ import annotations

from collections.abc import Iterator

from kflite.core.event import Event, Kind
from kflite.core.value import Value
from kflite.store.cells import Change, clean, dumps, number, word

# Characters of a value by which it is found: PostgreSQL's indexes refuse texts of 2.7 kB.
LONGEST = 500

NEW_PARAMETER = "INSERT INTO parameter(run, name, value, number) VALUES(?, ?, ?, ?) ON CONFLICT(run, name) DO NOTHING"
NO_PARAMETERS = "DELETE FROM parameter WHERE run = ?"
NEW_LABEL = "INSERT INTO label(run, name, value) VALUES(?, ?, ?) ON CONFLICT(run, name) DO UPDATE SET value = excluded.value"
NO_LABEL = "DELETE FROM label WHERE run = ? AND name = ?"
NEW_EXPERIMENT = (
    "INSERT INTO experiment(name, description, created, archived) VALUES(?, '', ?, NULL) ON CONFLICT(name) DO NOTHING"
)
ARCHIVED = "UPDATE run SET archived = coalesce(archived, ?) WHERE run = ?"
UNARCHIVED = "UPDATE run SET archived = NULL WHERE run = ?"


def searchable(value: Value) -> str:
    """The text by which a value is found: a text itself, anything else as JSON."""
    return clean(value if isinstance(value, str) else dumps(value))[:LONGEST]


def submitted(event: Event) -> Iterator[Change]:
    """What a new run is found by."""
    yield from parameters(event)
    options = event.data.get("options")
    yield from _labels(event.run, options.get("labels") if isinstance(options, dict) else None)
    if experiment := word(event, "experiment"):
        yield NEW_EXPERIMENT, (experiment, event.at)


def parameters(event: Event) -> Iterator[Change]:
    """The parameters that the event gives its run."""
    given = event.data.get("parameters")
    for name, value in given.items() if isinstance(given, dict) else ():
        yield NEW_PARAMETER, (event.run, clean(name), searchable(value), number(value))


def _labels(run: str, given: Value) -> Iterator[Change]:
    for name, value in given.items() if isinstance(given, dict) else ():
        if value is None:
            yield NO_LABEL, (run, clean(name))
        else:
            yield NEW_LABEL, (run, clean(name), clean(str(value)))


def _labelled(event: Event) -> Iterator[Change]:
    yield from _labels(event.run, event.data.get("labels"))


def _archived(event: Event) -> Iterator[Change]:
    yield ARCHIVED, (event.at, event.run)


def _unarchived(event: Event) -> Iterator[Change]:
    yield UNARCHIVED, (event.run,)


CHANGES = {Kind.RUN_LABELLED: _labelled, Kind.RUN_ARCHIVED: _archived, Kind.RUN_UNARCHIVED: _unarchived}
"""What a run is found by, changed by the user at any time."""
