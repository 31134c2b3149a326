"""PostgreSQL. Writers take turns by a lock, so that events become visible in the order of their numbers.

Statements of a transaction are sent without waiting for earlier answers (psycopg's pipeline mode).
"""

from __future__ import annotations

import select
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TypeAlias

import psycopg

from kflite.errors import StoreError, StoreFull, StoreLocked
from kflite.store.address import check, redacted
from kflite.store.connection import Row
from kflite.store.limits import BUSY_S, LOCK
from kflite.store.preparation import prepare

CONNECT_S = 10
# Reads the system catalogue: `to_regclass` may give an answer from before the lock.
TABLES = "SELECT 1 FROM pg_tables WHERE tablename = 'alembic_version' AND schemaname = current_schema()"

Driver: TypeAlias = "psycopg.Connection[tuple[object, ...]]"


class PostgresConnection:
    """A connection to a database, whose tables are created when missing. It reconnects after a restart of the server."""

    def __init__(self, url: str, busy_s: float = BUSY_S) -> None:
        self.url, self.name = url, redacted(url)
        self._busy_s = busy_s
        check(url)
        with self._errors():
            self._db = self._connect()
            prepare(self, self._revision, "postgresql")

    def _connect(self) -> Driver:
        db = psycopg.connect(self.url, autocommit=True, connect_timeout=CONNECT_S)
        db.execute(f"SET lock_timeout = {int(self._busy_s * 1000)}".encode())
        return db

    def _revision(self) -> str | None:
        """None for a database without our tables, "" for one without a revision."""
        if not self._db.execute(TABLES).fetchone():
            return None
        return "".join(str(version) for (version,) in self._db.execute("SELECT version_num FROM alembic_version"))

    def close(self) -> None:
        """End the session."""
        self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """See the seam."""
        with self._errors():
            db = self._alive()
            with db.pipeline(), db.transaction():
                self._cursor = db.cursor()
                self._cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
                yield

    def execute(self, sql: str, values: Iterable[object] = ()) -> None:
        """See the seam."""
        self._cursor.execute(_marks(sql), tuple(values))

    def rows(self, sql: str, values: Iterable[object] = ()) -> Iterable[Row]:
        """See the seam. Outside a transaction, a query that fails by a broken connection is repeated once with a new one."""
        query, parameters = _marks(sql), tuple(values)
        with self._errors():
            try:
                return self._db.execute(query, parameters)
            except psycopg.OperationalError:
                if not self._db.closed:
                    raise
            return self._alive().execute(query, parameters)

    def _alive(self) -> Driver:
        """The connection, or a new one if the server has ended it, which shows as unrequested input."""
        if not self._db.closed and _readable(self._db):
            _drain(self._db)
        if self._db.closed:
            self._db = self._connect()
        return self._db

    def notify(self) -> None:
        """See the seam."""
        self._cursor.execute("NOTIFY kflite")

    def listen(self) -> PostgresListener:
        """See the seam. The listener has a connection of its own."""
        with self._errors():
            return PostgresListener(self.url)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.errors.DiskFull as error:
            raise StoreFull(f"store {self.name}: {_line(error)}: free space on its server, then kflite resume") from error
        except psycopg.errors.LockNotAvailable as error:
            raise StoreLocked(f"store {self.name}: another process holds its lock: wait, then kflite resume") from error
        except psycopg.OperationalError as error:
            raise StoreError(f"store {self.name} cannot be reached: {_line(error)}: is its server running?") from error
        except psycopg.Error as error:
            raise StoreError(f"store {self.name}: {_line(error)}") from error


@lru_cache(maxsize=512)
def _marks(sql: str) -> bytes:
    """Our statements contain no `%`, and `?` only for values."""
    return sql.replace("?", "%s").encode()


def _line(error: psycopg.Error) -> str:
    return " ".join(str(error).split())


def _readable(db: Driver) -> bool:
    return bool(select.select([db.fileno()], [], [], 0)[0])


def _drain(db: Driver) -> bool:
    """Read unrequested input; returns whether the connection is still open."""
    try:
        while not db.closed and _readable(db):
            list(db.notifies(timeout=0))
    except psycopg.OperationalError:
        db.close()
    return not db.closed


class PostgresListener:
    """Listens for the notifications of other connections."""

    def __init__(self, url: str) -> None:
        self._db = psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_S)
        self._db.execute("LISTEN kflite")
        self._fileno = self._db.fileno()

    def fileno(self) -> int:
        """The file descriptor; it keeps its number after the connection is gone."""
        return self._fileno

    def clear(self) -> bool:
        """See the seam."""
        return _drain(self._db)

    def close(self) -> None:
        """Stop listening."""
        self._db.close()
