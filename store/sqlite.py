"""SQLite, in a file in WAL mode or in memory. Commits survive a killed process; a power loss may lose the last ones."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kflite.errors import StoreError, StoreFull, StoreLocked
from kflite.store.connection import Row
from kflite.store.limits import BUSY_S
from kflite.store.notifier import Notifier, SocketListener
from kflite.store.preparation import prepare

# SQLite itself does not wait for the lock that switching to WAL mode takes.
RETRY_S = 0.01


class SqliteConnection:
    """A connection to a database file, created when missing. busy_s: how long to wait for another process that writes."""

    def __init__(self, url: str, busy_s: float = BUSY_S) -> None:
        self.url = self.name = url
        path = url.removeprefix("sqlite://").removeprefix("/")
        self._path = os.path.abspath(path) if path else ""
        self._notify_pending = False
        with self._errors():
            self._db = self._open(busy_s)
            prepare(self, self._revision, "sqlite")
        self._notifier = Notifier(self._path)

    def _open(self, busy_s: float) -> sqlite3.Connection:
        if self._path:
            _make(Path(self._path))
        path = self._path or ":memory:"
        db = sqlite3.connect(path, busy_s, isolation_level=None, check_same_thread=False, cached_statements=256)
        deadline = time.monotonic() + busy_s
        while not _wal(db, time.monotonic() < deadline):
            time.sleep(RETRY_S)
        db.execute("PRAGMA synchronous = NORMAL")
        return db

    def _revision(self) -> str | None:
        """None for a database without tables, "" for one without a revision."""
        if not self._db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            return None
        if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            return ""
        return "".join(version for (version,) in self._db.execute("SELECT version_num FROM alembic_version"))

    def close(self) -> None:
        """Close the database and its notifier."""
        self._notifier.close()
        self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """See the seam."""
        self._notify_pending = False
        with self._errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        if self._notify_pending:
            self._notifier.notify()

    def execute(self, sql: str, values: Iterable[object] = ()) -> None:
        """See the seam."""
        self._db.execute(sql, tuple(values))

    def rows(self, sql: str, values: Iterable[object] = ()) -> Iterable[Row]:
        """See the seam."""
        with self._errors():
            return self._db.execute(sql, tuple(values)).fetchall()

    def notify(self) -> None:
        """See the seam."""
        self._notify_pending = True

    def listen(self) -> SocketListener:
        """See the seam."""
        return SocketListener(self._notifier.folder)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._named(error) from error
        except OSError as error:
            raise StoreError(f"store {self.name}: {error.strerror}: set another one with --store or KFLITE_STORE") from error

    def _named(self, error: sqlite3.Error) -> StoreError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            return StoreFull(f"store {self.name}: {error}: free space on its disk, then kflite resume")
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StoreLocked(f"store {self.name}: another process holds its lock: see `fuser`, or wait, then kflite resume")
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return StoreError(f"store {self.name}: {error}: it is not a database of kflite's; set another one with KFLITE_STORE")
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            return StoreError(f"store {self.name}: {error}: let this user write its file and folder, or set KFLITE_STORE")
        return StoreError(f"store {self.name}: {error}")


def _make(path: Path) -> None:
    """Create the file and its folder for this user only; SQLite's other files get the same mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _wal(db: sqlite3.Connection, patient: bool) -> bool:
    """Switch to WAL mode. False while another process blocks that; without `patient` this raises."""
    try:
        db.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if patient and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            return False
        raise
    return True
