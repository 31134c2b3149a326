"""Experiments: groups of runs, which are archived and removed together."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kflite.errors import InputError
from kflite.ir.names import bad_title
from kflite.store.base import Query
from kflite.store.catalogue import ExperimentRow

if TYPE_CHECKING:
    from kflite.config import Settings
    from kflite.store import Database

_AT_ONCE = 500


def create(store: Database, name: str, description: str = "") -> ExperimentRow:
    """Create an experiment, as a run that names a missing one does, too. Raises InputError."""
    if wrong := bad_title(name) or bad_title(description) or (None if name.strip() else "an experiment needs a name"):
        raise InputError(wrong)
    return store.catalogue.create(name, description, time.time())


def ensure_open(store: Database, name: str) -> None:
    """Raises InputError for an archived experiment, in which no run can begin."""
    if name and any(row.name == name for row in store.catalogue.experiments(archived=True)):
        raise InputError(f"experiment {name!r} is archived: bring it back, kflite experiments unarchive {name!r}")


def delete(store: Database, name: str, settings: Settings, *, runs: bool = False) -> int:
    """Remove an experiment, and with `runs` all of its runs with their logs and artifacts; returns how many those were.

    Raises NotFound, and InputError while it has runs that are not to go with it, or that go on.
    """
    from kflite.runs.delete import delete as delete_run

    store.catalogue.experiment(name)
    removed = 0
    if runs:
        if going := store.search(Query("state!=SUCCEEDED state!=FAILED state!=CANCELLED", "", name, None, limit=1)):
            raise InputError(f"experiment {name!r}: run {going[0].run} is {going[0].state}: kflite cancel {going[0].run}")
        while rows := store.search(Query(experiment=name, archived=None, limit=_AT_ONCE)):
            for row in rows:
                delete_run(store, row, settings)
            removed += len(rows)
    store.catalogue.drop(name)
    return removed
