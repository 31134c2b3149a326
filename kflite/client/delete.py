"""Removing a run: what the store holds of it, its logs, and its artifacts."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from kflite.errors import InputError
from kflite.place import Place
from kflite.store.base import RunRow, Store

if TYPE_CHECKING:
    from kflite.config import Settings


def delete(store: Store, run: RunRow, settings: Settings) -> None:
    """Remove a run that has ended. The store forgets it first, so that a crash leaves files and never a run without files.

    Raises InputError for a run that goes on.
    """
    from kflite.store.artifacts import delete as remove

    if not run.state.ended:
        raise InputError(f"run {run.run} is {run.state}: stop it first, kflite cancel {run.run}")
    place = Place(settings.home, settings.artifacts, run.pipeline, run.run)
    store.delete_run(run.run)
    shutil.rmtree(place.runs, ignore_errors=True)
    remove(place.root)
