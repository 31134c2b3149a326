"""The store over a database: the only place where state is written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from kflite.core.event import Event, Point
from kflite.core.event_json import to_json
from kflite.core.event_kind import Kind
from kflite.core.run_event import RunSubmitted
from kflite.errors import LeaseLost
from kflite.store.catalogue import NEW_PLAN, UNUSED_PLAN
from kflite.store.cells import Cell, clean, dumps
from kflite.store.connection import Row
from kflite.store.owner import dead
from kflite.store.projection import changes
from kflite.store.reading import Reader, marks, parts

# A lease that is not renewed for so many seconds is free.
LEASE_S = 10.0
# In one statement: an event is six values, a point nine, and SQLite takes at least 999.
MOST_EVENTS = 80
MOST_POINTS = 100

NEW_EVENTS = "INSERT INTO event(run, kind, at, task, attempt, data) VALUES"
NEW_POINTS = "INSERT INTO point(run, task, attempt, replica, metric, step, at, value, seq) VALUES"
OF_RUN = ("event", "point", "task", "attempt", "artifact", "metric", "parameter", "label", "cache", "run")
OPEN = "state IN ('QUEUED', 'RUNNING', 'STOPPING')"
NOT_ENDED = "state IN ('QUEUED', 'RUNNING', 'STOPPING', 'SUSPENDED')"


class Database(Reader):
    """A store over a connection."""

    def close(self) -> None:
        with self._lock:
            self.connection.close()

    # Writing.

    def append(self, events: Sequence[Event], owner: str = "", points: Sequence[Point] = ()) -> int:
        if not events and not points:
            return self.last_seq()
        with self._lock, self.connection.writing():
            leased = self._leased([*events, *points], owner)
            first = self._put(events) if events else ()
            if owner:
                _check_leases(events, points, {str(row[0]) for row in leased})
            last = self._project(events, min(int(row[0]) for row in first), owner) if events else self.last_seq()
            self._put_points(points, last)
            self.connection.notify()
        return last

    def _leased(self, written: Sequence[Event | Point], owner: str) -> Iterable[Row]:
        """The runs that the owner has leased."""
        if not owner:
            return ()
        runs = list(dict.fromkeys(each.run for each in written))
        return self.connection.rows(f"SELECT run FROM run WHERE owner = ? AND run IN ({marks(runs)})", (owner, *runs))

    def _put(self, events: Sequence[Event]) -> Iterable[Row]:
        """Write the events; returns the first one's number. The others follow it, as nobody else writes now."""
        first, *rest = [events[start : start + MOST_EVENTS] for start in range(0, len(events), MOST_EVENTS)]
        first_row = self.connection.rows(*_new(first))
        for part in rest:
            self.connection.execute(*_new(part))
        return first_row

    def _put_points(self, points: Sequence[Point], seq: int) -> None:
        for start in range(0, len(points), MOST_POINTS):
            self.connection.execute(*_new_points(points[start : start + MOST_POINTS], seq))

    def _project(self, events: Sequence[Event], seq: int, owner: str) -> int:
        """Apply the events to the other tables; returns the last one's number. seq: the first one's."""
        lease = max(e.at for e in events) + LEASE_S
        execute = self.connection.execute
        for number, event in enumerate(events, seq):
            for statement, values in changes(event, number, owner, lease):
                execute(statement, values)
        return seq + len(events) - 1

    def put_plan(self, digest: str, kind: str, document: str) -> None:
        with self._lock:
            if not self._one("SELECT 1 FROM plan WHERE digest = ?", (digest,)):
                with self.connection.writing():
                    self.connection.execute(NEW_PLAN, (digest, kind, document))

    def delete_run(self, run: str) -> None:
        with self._lock, self.connection.writing():
            plans = list(self._plans(run))
            for table in OF_RUN:
                self.connection.execute(f"DELETE FROM {table} WHERE run = ?", (run,))
            for digest in plans:
                self.connection.execute(UNUSED_PLAN, (digest,))

    def _plans(self, run: str) -> Iterator[str]:
        """The digests of the run's documents; a retry may have changed it."""
        sql = f"SELECT data FROM event WHERE run = ? AND kind IN ('{Kind.RUN_SUBMITTED.value}', '{Kind.RUN_RETRIED.value}')"
        for (data,) in self.connection.rows(sql, (run,)):
            if digest := json.loads(data).get("plan"):
                yield str(digest)

    def delete_cached(self, keys: Iterable[str]) -> int:
        removed = 0
        with self._lock, self.connection.writing():
            for part in parts(keys):
                sql = f"DELETE FROM cache WHERE cache_key IN ({marks(part)}) RETURNING 1"
                removed += len(list(self.connection.rows(sql, part)))
        return removed

    # Leases.

    def acquire_lease(self, run: str, owner: str, now: float, lease_s: float) -> bool:
        with self._lock, self.connection.writing():
            row = self._one(f"SELECT owner FROM run WHERE run = ? AND {NOT_ENDED} AND (owner = '' OR lease < ?)", (run, now))
            if row is None:
                row = self._one(f"SELECT owner FROM run WHERE run = ? AND {NOT_ENDED}", (run,))
                if row is None or not (row[0] == owner or dead(row[0])):
                    return False
            self.connection.execute("UPDATE run SET owner = ?, lease = ? WHERE run = ?", (owner, now + lease_s, run))
        return True

    def renew_leases(self, owner: str, now: float, lease_s: float) -> None:
        with self._lock:
            if self._one(f"SELECT 1 FROM run WHERE owner = ? AND {NOT_ENDED} LIMIT 1", (owner,)):
                with self.connection.writing():
                    self.connection.execute("UPDATE run SET lease = ? WHERE owner = ?", (now + lease_s, owner))

    def release_lease(self, run: str, owner: str) -> None:
        with self._lock, self.connection.writing():
            self.connection.execute("UPDATE run SET owner = '', lease = 0 WHERE run = ? AND owner = ?", (run, owner))

    def orphans(self, now: float) -> list[str]:
        sql = f"SELECT run, owner, lease FROM run WHERE {OPEN} ORDER BY created"
        unended = self._all(lambda row: (str(row[0]), str(row[1]), float(row[2])), sql)
        return [run for run, owner, lease in unended if not owner or lease < now or dead(owner)]


def _new(events: Sequence[Event]) -> tuple[str, list[Cell]]:
    marks = ", ".join(["(?, ?, ?, ?, ?, ?)"] * len(events))
    cells: list[Cell] = []
    for e in events:
        cells += (e.run, e.data.KIND.value, e.at, e.task, e.attempt, dumps(to_json(e.data)))
    return f"{NEW_EVENTS} {marks} RETURNING seq", cells


def _new_points(points: Sequence[Point], seq: int) -> tuple[str, list[Cell]]:
    cells: list[Cell] = []
    for p in points:
        # SQLite has no NaN.
        value = None if p.value != p.value else p.value
        cells += (p.run, p.task, p.attempt, p.replica, clean(p.metric), p.step, p.at, value, seq)
    return f"{NEW_POINTS} {', '.join(['(?, ?, ?, ?, ?, ?, ?, ?, ?)'] * len(points))}", cells


def _check_leases(events: Sequence[Event], points: Sequence[Point], leased: set[str]) -> None:
    owned = leased | {event.run for event in events if isinstance(event.data, RunSubmitted)}
    for run in [*(event.run for event in events), *(point.run for point in points)]:
        if run not in owned:
            raise LeaseLost(f"run {run} belongs to another scheduler now: kflite watch {run} shows it")
