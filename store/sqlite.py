"""SQLite: a file in WAL mode, or memory. A commit survives a killed process; only a power loss may lose the last ones."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kflite.errors import StoreError, StoreFull, StoreLocked
from kflite.store.bell import Bell, Ear
from kflite.store.connection import Row
from kflite.store.ddl import HEAD, text

# How long one waits for another process that writes.
BUSY_S = 30.0


class SqliteConnection:
    """A connection to a database file, made when it is not there."""

    def __init__(self, url: str, busy_s: float = BUSY_S) -> None:
        self.url = url
        self._path = url.removeprefix("sqlite://").removeprefix("/")
        if self._path:
            self._path = os.path.abspath(url.removeprefix("sqlite:///"))
        with self._errors():
            self._db = self._open(busy_s)
            self._prepare()
        self._bell = Bell(self._path)

    def _open(self, busy_s: float) -> sqlite3.Connection:
        if self._path:
            Path(self._path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileExistsError):
                os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        db = sqlite3.connect(self._path or ":memory:", timeout=busy_s, isolation_level=None, check_same_thread=False, cached_statements=256)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        return db

    def _prepare(self) -> None:
        """A new database gets its tables; an older one is migrated; a newer one is refused."""
        found = self._revision()
        if found is None:
            with self.writing():
                if self._revision() is None:
                    for statement in text("sqlite").split(";\n"):
                        self._db.execute(statement)
        elif found != HEAD:
            from kflite.store.migrate import migrate

            migrate(self.url, found)

    def _revision(self) -> str | None:
        if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            return None
        return str(self._db.execute("SELECT version_num FROM alembic_version").fetchone()[0])

    def close(self) -> None:
        self._bell.close()
        self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        with self._errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def execute(self, sql: str, values: Iterable[object] = ()) -> int:
        return self._db.execute(sql, tuple(values)).rowcount  # type: ignore[arg-type]

    def rows(self, sql: str, values: Iterable[object] = ()) -> Iterator[Row]:
        with self._errors():
            yield from self._db.execute(sql, tuple(values))  # type: ignore[arg-type]

    def ring(self) -> None:
        self._bell.ring()

    def ear(self) -> Ear:
        return Ear(self._bell.folder)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._named(error) from error
        except OSError as error:
            raise StoreError(f"store {self.url}: {error.strerror}: set another one with --store or KFLITE_STORE") from error

    def _named(self, error: sqlite3.Error) -> StoreError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            return StoreFull(f"store {self.url}: {error}: free space on its disk, then kflite resume")
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StoreLocked(f"store {self.url}: another process holds its lock: see `fuser`, or wait, then kflite resume")
        if code == sqlite3.SQLITE_NOTADB or code == sqlite3.SQLITE_CORRUPT:
            return StoreError(f"store {self.url}: {error}: it is not a database of kflite's; set another one with KFLITE_STORE")
        return StoreError(f"store {self.url}: {error}")
