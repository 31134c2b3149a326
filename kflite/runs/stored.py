"""Opening the store, and the types of its records, for layers that must not import it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kflite.store import Database
from kflite.store.base import ArtifactRow, AttemptRow, CacheRow, Query, RunRow, TaskRow
from kflite.store.catalogue import ExperimentRow, VersionRow

if TYPE_CHECKING:
    from kflite.config import Settings

__all__ = [
    "ArtifactRow",
    "AttemptRow",
    "CacheRow",
    "Database",
    "ExperimentRow",
    "Query",
    "RunRow",
    "TaskRow",
    "VersionRow",
    "open_store",
]


@contextmanager
def open_store(settings: Settings) -> Iterator[Database]:
    """The store of these settings. Its calls block."""
    from kflite import store

    opened = store.open(settings.store)
    try:
        yield opened
    finally:
        opened.close()
