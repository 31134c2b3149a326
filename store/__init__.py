"""The store: events and the rows derived from them, the cache, leases, pipelines, experiments, and the bytes of artifacts.

Only this package imports SQL libraries. It imports `core`; the scheduler imports its protocols (`base`) only, `runs`, `engine`
and `client` import the rest, and `cli` nothing.
"""

from __future__ import annotations

from kflite.errors import InputError, StoreError
from kflite.store.address import SCHEMES, redacted
from kflite.store.base import Store
from kflite.store.connection import Connection
from kflite.store.database import Database
from kflite.store.owner import owner_id

__all__ = ["Database", "Store", "open", "owner_id"]


def open(url: str) -> Database:
    """The store at `sqlite:///PATH` (made when it is not there), `sqlite://` (in memory) or `postgresql://…`.

    Raises StoreError, and InputError for any other URL.
    """
    if url.startswith("sqlite://"):
        from kflite.store.sqlite import SqliteConnection

        return Database(SqliteConnection(url))
    if url.startswith(SCHEMES):
        return Database(_postgres(url))
    raise InputError(f"store {redacted(url)!r}: give sqlite:///PATH or postgresql://USER@HOST/DATABASE")


def _postgres(url: str) -> Connection:
    try:
        from kflite.store.postgres import PostgresConnection
    except ImportError as error:
        raise StoreError(f"store {redacted(url)}: {error}: pip install 'kflite[postgres]'") from error
    return PostgresConnection(url)
