"""Bringing a database to the schema of this version, when it is opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kflite.store import ddl

if TYPE_CHECKING:
    from kflite.store.connection import Connection


def prepare(connection: Connection, revision: Callable[[], str | None], dialect: str) -> None:
    """Create the tables of a new database, migrate an older one, refuse a newer one. revision: reads it, None for no tables."""
    found = revision()
    if found is None:
        with connection.writing():
            if revision() is None:  # another process may have been faster
                for statement in ddl.statements(dialect):
                    connection.execute(statement)
    elif found != ddl.HEAD:
        from kflite.store.migrate import migrate

        migrate(connection.url, found)
