"""PostgreSQL, by the same statements. Writers take turns by a lock of their own, so that events are seen in the order of their numbers."""

from __future__ import annotations

import select
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import psycopg

from kflite.errors import StoreError, StoreFull, StoreLocked
from kflite.store.connection import Row
from kflite.store.ddl import HEAD, text

# One number for all stores of a database server's databases: advisory locks are a database's own.
LOCK = 0x6B666C697465
BUSY_MS = 30_000


class PostgresConnection:
    """A connection to a database, whose tables are made when they are not there."""

    def __init__(self, url: str) -> None:
        self.url = url
        with self._errors():
            self._db = self._connect()
            self._prepare()

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        db = psycopg.connect(self.url, autocommit=True, connect_timeout=10)
        db.execute(f"SET lock_timeout = {BUSY_MS}")
        return db

    def _prepare(self) -> None:
        found = self._revision()
        if found is None:
            with self.writing():
                if self._revision() is None:
                    self._db.execute(text("postgresql").encode())
        elif found != HEAD:
            from kflite.store.migrate import migrate

            migrate(self.url, found)

    def _revision(self) -> str | None:
        known = self._db.execute("SELECT to_regclass('alembic_version')").fetchone()
        if not known or known[0] is None:
            return None
        row = self._db.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else None

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        with self._errors():
            if self._db.closed:
                self._db = self._connect()
            with self._db.transaction():
                self._db.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
                yield

    def execute(self, sql: str, values: Iterable[object] = ()) -> int:
        return self._db.execute(_marks(sql), tuple(values)).rowcount

    def rows(self, sql: str, values: Iterable[object] = ()) -> Iterator[Row]:
        with self._errors():
            if self._db.closed:
                self._db = self._connect()
            yield from self._db.execute(_marks(sql), tuple(values))

    def ring(self) -> None:
        with self._errors():
            self._db.execute("NOTIFY kflite")

    def ear(self) -> PostgresEar:
        """A new follower's end: a connection of its own."""
        with self._errors():
            return PostgresEar(self.url)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.errors.DiskFull as error:
            raise StoreFull(f"store {self._name}: {error}: free space on its server, then kflite resume") from error
        except psycopg.errors.LockNotAvailable as error:
            raise StoreLocked(f"store {self._name}: another process holds its lock: wait, then kflite resume") from error
        except psycopg.OperationalError as error:
            raise StoreError(f"store {self._name} cannot be reached: {error}: is its server running?".replace("\n", " ")) from error
        except psycopg.Error as error:
            raise StoreError(f"store {self._name}: {error}".replace("\n", " ")) from error

    @property
    def _name(self) -> str:
        """The address without a password."""
        from urllib.parse import urlsplit

        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"


def _marks(sql: str) -> bytes:
    """Our statements hold no `%` and no `?` but for values."""
    return sql.replace("?", "%s").encode()


class PostgresEar:
    """Listens for the notifications of other connections."""

    def __init__(self, url: str) -> None:
        self._db = psycopg.connect(url, autocommit=True)
        self._db.execute("LISTEN kflite")

    def fileno(self) -> int:
        return self._db.fileno()

    def clear(self) -> None:
        """Take note of all notifications so far."""
        while select.select([self._db.fileno()], [], [], 0)[0]:
            if not list(self._db.notifies(timeout=0)):
                return

    def close(self) -> None:
        """Stop listening."""
        self._db.close()
