"""The store over a database: the only place where state is written, and the queries that views are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from threading import RLock
from typing import TypeVar

from kflite.errors import LeaseLost, NotFound
from kflite.event import Event, Kind
from kflite.store import rows
from kflite.store.base import ArtifactRow, AttemptRow, CacheRow, RunRow, TaskRow
from kflite.store.connection import Connection, Row
from kflite.store.owner import dead
from kflite.store.projection import Cell, changes, dumps

T = TypeVar("T")

# A lease that is not renewed for so many seconds is free for others.
LEASE_S = 10.0
# Values in one statement; SQLite takes at least 999.
MOST_VALUES = 500
MOST_EVENTS = 80

NEW_EVENTS = "INSERT INTO event(run, kind, at, task, attempt, data) VALUES"
LAST_OF_PLAN = (
    'DELETE FROM "plan" WHERE digest = (SELECT "plan" FROM run WHERE run = ?)'
    ' AND NOT EXISTS (SELECT 1 FROM run WHERE "plan" = digest AND run != ?)'
)
OPEN = "state IN ('QUEUED', 'RUNNING', 'STOPPING')"


class Database:
    """A store over a connection. One lock makes it safe for threads."""

    def __init__(self, connection: Connection) -> None:
        self.url = connection.url
        self.connection = connection
        self._lock = RLock()

    def close(self) -> None:
        with self._lock:
            self.connection.close()

    # Writing.

    def append(self, events: Sequence[Event], owner: str = "") -> int:
        if not events:
            return self.last()
        with self._lock, self.connection.writing():
            held = self._held(events, owner)
            first = self._put(events)
            if owner:
                _check_leases(events, {str(row[0]) for row in held})
            seq = min(int(row[0]) for row in first)
            self._project(events, seq, owner)
            self.connection.ring()
        return seq + len(events) - 1

    def _held(self, events: Sequence[Event], owner: str) -> Iterable[Row]:
        """Those of the events' runs that the owner has a lease of."""
        runs = list(dict.fromkeys(e.run for e in events)) if owner else []
        if not runs:
            return ()
        return self.connection.rows(f"SELECT run FROM run WHERE owner = ? AND run IN ({_marks(runs)})", (owner, *runs))

    def _put(self, events: Sequence[Event]) -> Iterable[Row]:
        """Write the events; returns the first one's number, which the others' follow, as nobody else writes now."""
        first, *rest = [events[start : start + MOST_EVENTS] for start in range(0, len(events), MOST_EVENTS)]
        found = self.connection.rows(*_new(first))
        for part in rest:
            self.connection.execute(*_new(part))
        return found

    def _project(self, events: Sequence[Event], seq: int, owner: str) -> None:
        lease = max(e.at for e in events) + LEASE_S
        execute = self.connection.execute
        for number, event in enumerate(events, seq):
            for statement, values in changes(event, number, owner, lease):
                execute(statement, values)

    def put_plan(self, digest: str, kind: str, document: str) -> None:
        with self._lock:
            if not self._one("SELECT 1 FROM plan WHERE digest = ?", (digest,)):
                with self.connection.writing():
                    sql = "INSERT INTO plan(digest, kind, document) VALUES(?, ?, ?) ON CONFLICT(digest) DO NOTHING"
                    self.connection.execute(sql, (digest, kind, document))

    def plan(self, digest: str) -> tuple[str, str]:
        found = self._one("SELECT kind, document FROM plan WHERE digest = ?", (digest,))
        if not found:
            raise NotFound(f"store {self.url}: it holds no plan {digest[:12]}")
        return found[0], found[1]

    def delete_run(self, run: str) -> None:
        with self._lock, self.connection.writing():
            self.connection.execute(LAST_OF_PLAN, (run, run))
            for table in ("event", "task", "attempt", "artifact", "metric", "cache", "run"):
                self.connection.execute(f"DELETE FROM {table} WHERE run = ?", (run,))

    # Reading.

    def _all(self, make: Callable[[Row], T], sql: str, values: Iterable[Cell] = ()) -> list[T]:
        with self._lock:
            return [make(row) for row in self.connection.rows(sql, values)]

    def _one(self, sql: str, values: Iterable[Cell] = ()) -> tuple[str, ...] | None:
        with self._lock:
            return next((tuple(row) for row in self.connection.rows(sql, values)), None)

    def events(self, run: str = "", after: int = 0, limit: int = 10_000) -> list[Event]:
        where = "run = ? AND seq > ?" if run else "seq > ?"
        values = (run, after, limit) if run else (after, limit)
        return self._all(rows.event, f"SELECT {rows.EVENT} FROM event WHERE {where} ORDER BY seq LIMIT ?", values)

    def requests(self, after: int) -> list[Event]:
        """What other processes asked of a run's scheduler, after event number `after`."""
        sql = f"SELECT {rows.EVENT} FROM event WHERE kind = '{Kind.RUN_CANCEL.value}' AND seq > ? ORDER BY seq"
        return self._all(rows.event, sql, (after,))

    def last(self) -> int:
        found = self._all(lambda row: row[0], "SELECT max(seq) FROM event")
        return int(found[0] or 0)

    def runs(self, limit: int = 100, state: str = "", experiment: str = "", before: float | None = None) -> list[RunRow]:
        wanted: list[tuple[str, Cell]] = [("state = ?", state), ("experiment = ?", experiment), ("created < ?", before)]
        wanted = [(sql, value) for sql, value in wanted if value]
        where = " AND ".join(["1 = 1", *(sql for sql, _ in wanted)])
        sql = f"SELECT {rows.RUN} FROM run WHERE {where} ORDER BY created DESC LIMIT ?"
        return self._all(rows.run, sql, [*(value for _, value in wanted), limit])

    def run(self, run: str) -> RunRow:
        sql = f"SELECT {rows.RUN} FROM run WHERE run = ? OR (run >= ? AND run < ?) ORDER BY run LIMIT 6"
        found = self._all(rows.run, sql, (run, run, run + "\U0010ffff"))
        exact = [row for row in found if row.run == run]
        if not run or not found:
            raise NotFound(f"there is no run {run!r}{self._near(run)}")
        if not exact and len(found) > 1:
            raise NotFound(f"{run!r} is the beginning of several runs: {', '.join(r.run for r in found[:5])}")
        return (exact or found)[0]

    def _near(self, run: str) -> str:
        from difflib import get_close_matches

        known = [row.run for row in self.runs(limit=200)]
        near = get_close_matches(run, known, 3, 0.5)
        return f": did you mean {' or '.join(near)}?" if near else ": `kflite ls` lists them"

    def tasks(self, run: str) -> list[TaskRow]:
        return self._all(rows.task, f"SELECT {rows.TASK} FROM task WHERE run = ? ORDER BY position", (run,))

    def attempts(self, run: str, task: str = "") -> list[AttemptRow]:
        where = "run = ? AND task = ?" if task else "run = ?"
        sql = f"SELECT {rows.ATTEMPT} FROM attempt WHERE {where} ORDER BY started, attempt"
        return self._all(rows.attempt, sql, (run, task) if task else (run,))

    def artifacts(self, run: str = "", limit: int = 1000) -> list[ArtifactRow]:
        where, values = ("WHERE run = ?", (run, limit)) if run else ("", (limit,))
        return self._all(rows.artifact, f"SELECT {rows.ARTIFACT} FROM artifact {where} ORDER BY created DESC LIMIT ?", values)

    def artifact(self, id: str) -> ArtifactRow:
        found = self._all(rows.artifact, f"SELECT {rows.ARTIFACT} FROM artifact WHERE id = ?", (id,))
        if not found:
            raise NotFound(f"there is no artifact {id!r}: `kflite artifacts ls` lists them")
        return found[0]

    def metrics(self, run: str) -> list[tuple[str, str, float]]:
        sql = "SELECT task, name, value FROM metric WHERE run = ? ORDER BY task, name"
        return self._all(lambda row: (row[0], row[1], row[2]), sql, (run,))

    # Cache.

    def cached(self, keys: Iterable[str], now: float) -> dict[str, CacheRow]:
        found: list[CacheRow] = []
        for part in _parts(keys):
            sql = f"SELECT {rows.CACHE} FROM cache WHERE cache_key IN ({_marks(part)}) AND (expires IS NULL OR expires > ?)"
            found += self._all(rows.cache, sql, [*part, now])
        return {row.key: row for row in found}

    def cache(self, limit: int = 100, pipeline: str = "", title: str = "") -> list[CacheRow]:
        wanted: list[tuple[str, Cell]] = [("pipeline = ?", pipeline), ("title = ?", title)]
        wanted = [(sql, value) for sql, value in wanted if value]
        where = " AND ".join(["1 = 1", *(sql for sql, _ in wanted)])
        sql = f"SELECT {rows.CACHE} FROM cache WHERE {where} ORDER BY created DESC LIMIT ?"
        return self._all(rows.cache, sql, [*(value for _, value in wanted), limit])

    def uncache(self, keys: Iterable[str]) -> int:
        removed = 0
        with self._lock, self.connection.writing():
            for part in _parts(keys):
                sql = f"DELETE FROM cache WHERE cache_key IN ({_marks(part)}) RETURNING 1"
                removed += len(list(self.connection.rows(sql, part)))
        return removed

    # Leases.

    def claim(self, run: str, owner: str, now: float, lease_s: float) -> bool:
        with self._lock, self.connection.writing():
            held = self._one(f"SELECT owner FROM run WHERE run = ? AND {OPEN} AND (owner = '' OR lease < ?)", (run, now))
            if held is None:
                held = self._one(f"SELECT owner FROM run WHERE run = ? AND {OPEN}", (run,))
                if held is None or not (held[0] == owner or dead(held[0])):
                    return False
            self.connection.execute("UPDATE run SET owner = ?, lease = ? WHERE run = ?", (owner, now + lease_s, run))
        return True

    def renew(self, owner: str, now: float, lease_s: float) -> None:
        with self._lock:
            if self._one(f"SELECT 1 FROM run WHERE owner = ? AND {OPEN} LIMIT 1", (owner,)):
                with self.connection.writing():
                    self.connection.execute("UPDATE run SET lease = ? WHERE owner = ?", (now + lease_s, owner))

    def release(self, run: str, owner: str) -> None:
        with self._lock, self.connection.writing():
            self.connection.execute("UPDATE run SET owner = '', lease = 0 WHERE run = ? AND owner = ?", (run, owner))

    def orphans(self, now: float) -> list[str]:
        sql = f"SELECT run, owner, lease FROM run WHERE {OPEN} ORDER BY created"
        found = self._all(lambda row: (str(row[0]), str(row[1]), float(row[2])), sql)
        return [run for run, owner, lease in found if not owner or lease < now or dead(owner)]


def _new(events: Sequence[Event]) -> tuple[str, list[Cell]]:
    marks = ", ".join(["(?, ?, ?, ?, ?, ?)"] * len(events))
    cells: list[Cell] = []
    for e in events:
        cells += (e.run, e.kind.value, e.at, e.task, e.attempt, dumps(e.data))
    return f"{NEW_EVENTS} {marks} RETURNING seq", cells


def _check_leases(events: Sequence[Event], held: set[str]) -> None:
    new = {e.run for e in events if e.kind is Kind.RUN_SUBMITTED}
    for event in events:
        if event.run not in held and event.run not in new:
            raise LeaseLost(f"run {event.run} is in the hands of another scheduler now: this one leaves it alone")


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _parts(keys: Iterable[str]) -> Iterator[list[str]]:
    """The keys, as many at a time as one statement takes."""
    left = iter(dict.fromkeys(keys))
    while part := list(islice(left, MOST_VALUES)):
        yield part
