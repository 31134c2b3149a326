"""The store's queries. Each uses an index, and none reads events other than a run's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from threading import RLock
from typing import TypeVar

from kflite.core.event import Event, Point
from kflite.core.event_kind import Kind
from kflite.errors import NotFound
from kflite.store import artifact_queries, rows
from kflite.store.base import ArtifactRow, AttemptRow, CacheRow, Holding, Query, RunRow, TaskRow
from kflite.store.catalogue import Catalogue
from kflite.store.cells import Cell, clean
from kflite.store.connection import Connection, Row

T = TypeVar("T")

# Values in one statement; SQLite takes at least 999.
MOST_VALUES = 500
MOST_NAMED = 5


class Reader:
    """The reading half of a store. One lock makes its connection safe for threads."""

    def __init__(self, connection: Connection) -> None:
        self.url = connection.url
        self.connection = connection
        self._lock = RLock()
        self.catalogue = Catalogue(connection, self._lock)

    def plan(self, digest: str) -> tuple[str, str]:
        row = self._one("SELECT kind, document FROM plan WHERE digest = ?", (digest,))
        if not row:
            raise NotFound(f"store {self.connection.name}: it holds no plan {digest[:12]}")
        return row[0], row[1]

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

    def of_kinds(self, kinds: Sequence[Kind], after: int) -> list[Event]:
        """The events of these kinds, of all runs, after event number `after`."""
        marks = ", ".join("?" * len(kinds))
        sql = f"SELECT {rows.EVENT} FROM event WHERE kind IN ({marks}) AND seq > ? ORDER BY seq"
        return self._all(rows.event, sql, (*(kind.value for kind in kinds), after))

    def points(self, run: str, task: str = "", metric: str = "", after: int = 0, limit: int = 10_000) -> list[Point]:
        wanted: list[tuple[str, Cell]] = [
            ("run = ?", run),
            ("task = ?", task),
            ("metric = ?", clean(metric)),
            ("position > ?", after),
        ]
        where, values = _where(wanted)
        sql = f"SELECT {rows.POINT.columns} FROM point {where} ORDER BY position LIMIT ?"
        return self._all(rows.point, sql, [*values, limit])

    def point_counts(self, run: str, task: str, attempt: int) -> dict[int, int]:
        sql = "SELECT replica, count(*) FROM point WHERE run = ? AND task = ? AND attempt = ? GROUP BY replica"
        return dict(self._all(lambda row: (int(row[0]), int(row[1])), sql, [run, task, attempt]))

    def last_seq(self) -> int:
        numbers = self._all(lambda row: row[0], "SELECT max(seq) FROM event")
        return int(numbers[0] or 0)

    def runs(self, limit: int = 100, state: str = "", experiment: str = "", before: float | None = None) -> list[RunRow]:
        wanted: list[tuple[str, Cell]] = [("state = ?", state), ("experiment = ?", experiment), ("created < ?", before)]
        where, values = _where(wanted)
        return self._runs(f"{where} ORDER BY created DESC, run LIMIT ?", [*values, limit])

    def search(self, query: Query) -> list[RunRow]:
        from kflite.store.search.query import page

        return self._runs(*page(query, self.run))

    def _runs(self, clause: str, values: Iterable[Cell]) -> list[RunRow]:
        listed = self._all(rows.RUN, f"SELECT {rows.RUN.columns} FROM run {clause}", values)
        labels: dict[str, dict[str, str]] = {}
        for part in parts(row.run for row in listed):
            sql = f"SELECT run, name, value FROM label WHERE run IN ({marks(part)}) ORDER BY name"
            for run, name, value in self._all(tuple, sql, part):
                labels.setdefault(run, {})[name] = value
        return [replace(row, labels=labels[row.run]) if row.run in labels else row for row in listed]

    def run(self, run: str) -> RunRow:
        wanted = clean(run)
        bounds = (wanted, wanted + "\U0010ffff")
        listed = self._runs("WHERE run >= ? AND run < ? ORDER BY run LIMIT 6", bounds) if wanted else []
        if not listed:
            raise NotFound(f"there is no run {run!r}{self._near(wanted)}")
        if len(listed) > 1 and listed[0].run != wanted:
            more = ", …" if len(listed) > MOST_NAMED else ""
            raise NotFound(f"{run!r} is the beginning of several runs: {', '.join(r.run for r in listed[:MOST_NAMED])}{more}")
        return listed[0]

    def _near(self, run: str) -> str:
        from difflib import get_close_matches

        known = self._all(lambda row: str(row[0]), "SELECT run FROM run ORDER BY created DESC LIMIT 1000")
        near = get_close_matches(run, known, 3, 0.5)
        return f": did you mean {' or '.join(near)}?" if near else ": `kflite ls` lists them"

    def tasks(self, run: str) -> list[TaskRow]:
        return self._all(rows.TASK, f"SELECT {rows.TASK.columns} FROM task WHERE run = ? ORDER BY position", (run,))

    def attempts(self, run: str, task: str = "") -> list[AttemptRow]:
        where = "run = ? AND task = ?" if task else "run = ?"
        sql = f"SELECT {rows.ATTEMPT.columns} FROM attempt WHERE {where} ORDER BY started, attempt"
        return self._all(rows.ATTEMPT, sql, (run, task) if task else (run,))

    def artifacts(self, run: str = "", limit: int = 1000) -> list[ArtifactRow]:
        where, values = ("WHERE run = ?", (run, limit)) if run else ("", (limit,))
        sql = f"SELECT {rows.ARTIFACT.columns} FROM artifact {where} ORDER BY created DESC, id LIMIT ?"
        listed = self._all(rows.ARTIFACT, sql, values)
        if not run:
            return listed
        cached = self._all(artifact_queries.of_cached, f"{artifact_queries.CACHED} ORDER BY position DESC LIMIT ?", (run, limit))
        return sorted([*listed, *(row for many in cached for row in many)], key=lambda row: (-row.created, row.id))[:limit]

    def input_artifacts(self, run: str) -> list[ArtifactRow]:
        return self._all(
            rows.ARTIFACT, f"SELECT {rows.ARTIFACT.columns} FROM artifact WHERE run = ? AND task = '' ORDER BY id", (run,)
        )

    def artifact(self, id: str) -> ArtifactRow:
        run, _, rest = clean(id).partition("/")
        sql, name = f"SELECT {rows.ARTIFACT.columns} FROM artifact WHERE id = ?", f"{self.run(run).run}/{rest}" if rest else ""
        listed = self._all(rows.ARTIFACT, sql, (name,)) if rest else []
        if not listed and rest:
            named = (name.partition("/")[0], rest.rpartition("/")[0])
            cached = self._all(artifact_queries.of_cached, f"{artifact_queries.CACHED} AND task = ?", named)
            listed = [row for many in cached for row in many if row.id == name]
        if not listed:
            raise NotFound(f"there is no artifact {id!r}: `kflite artifacts ls` lists them")
        return listed[0]

    # Lineage.

    def artifacts_at(self, uris: Iterable[str]) -> list[Holding]:
        return [
            holding
            for part in parts(uris)
            for holding in self._all(artifact_queries.holding, artifact_queries.ARTIFACTS_AT % marks(part), part)
        ]

    def tasks_at(self, keys: Iterable[tuple[str, str]]) -> list[TaskRow]:
        sql = f"SELECT {rows.TASK.columns} FROM task WHERE run = ? AND task = ?"
        return [row for key in dict.fromkeys(keys) for row in self._all(rows.TASK, sql, key)]

    def cache_users(self, sources: Iterable[str], uris: Sequence[str]) -> set[str]:
        where, values = artifact_queries.mentions("artifacts", uris)
        wanted, users = frozenset(uris), set[str]()
        for part in parts(sources):
            cache_users = self._all(tuple, artifact_queries.CACHE_USERS % marks(part) + where, [*part, *values])
            users |= {str(run) for run, text in cache_users if not wanted.isdisjoint(_uris((text,)))}
        return users

    def readers(self, runs: Iterable[str], uris: Sequence[str], most: int) -> list[tuple[str, str, frozenset[str]]]:
        where, values = artifact_queries.mentions("inputs", uris)
        limit, wanted = f" LIMIT {most}" if where or not uris else "", frozenset(uris)
        readers: list[tuple[str, str, frozenset[str]]] = []
        for part in parts(runs):
            reading = self._all(tuple, artifact_queries.READERS % marks(part) + where + limit, [*part, *values])
            tasks = ((run, task, frozenset(_uris((text,)))) for run, task, text in reading)
            readers += [row for row in tasks if not wanted or not wanted.isdisjoint(row[2])]
        return readers

    # Cache.

    def cached(self, keys: Iterable[str], now: float) -> dict[str, CacheRow]:
        entries: list[CacheRow] = []
        for part in parts(keys):
            sql = (
                f"SELECT {rows.CACHE.columns} FROM cache WHERE cache_key IN ({marks(part)}) AND (expires IS NULL OR expires > ?)"
            )
            entries += self._all(rows.CACHE, sql, [*part, now])
        return {row.key: row for row in entries}

    def cache(self, limit: int = 100, pipeline: str = "", title: str = "") -> list[CacheRow]:
        wanted: list[tuple[str, Cell]] = [("pipeline = ?", pipeline), ("title = ?", title)]
        where, values = _where(wanted)
        return self._all(
            rows.CACHE, f"SELECT {rows.CACHE.columns} FROM cache {where} ORDER BY created DESC LIMIT ?", [*values, limit]
        )

    # Artifacts that outlive their run.

    def shared(self, run: str) -> set[str]:
        cached = self._all(_uris, "SELECT artifacts FROM task WHERE source = ? AND source != '' AND run != ?", (run, run))
        sql = (
            "SELECT DISTINCT mine.uri FROM artifact mine JOIN artifact other ON other.uri = mine.uri AND other.run != mine.run"
            " WHERE mine.run = ?"
        )
        return {uri for uris in cached for uri in uris} | set(self._all(lambda row: str(row[0]), sql, (run,)))

    def inherited(self, run: str) -> set[str]:
        sql = (
            "SELECT source, artifacts FROM task WHERE run = ? AND source != ''"
            " AND NOT EXISTS (SELECT 1 FROM run WHERE run.run = task.source)"
        )
        cached = self._all(lambda row: (str(row[0]), _uris(row[1:])), sql, (run,))
        others = "SELECT artifacts FROM task WHERE source = ? AND source != '' AND run != ?"
        sources = {source for source, _ in cached}
        still_used = {uri for source in sources for uris in self._all(_uris, others, (source, run)) for uri in uris}
        return {uri for _, uris in cached for uri in uris} - still_used


def _where(wanted: Iterable[tuple[str, Cell]]) -> tuple[str, list[Cell]]:
    """A WHERE clause of the conditions that have a value, and the values."""
    given = [(sql, value) for sql, value in wanted if value not in (None, "")]
    return ("WHERE " + " AND ".join(sql for sql, _ in given) if given else ""), [value for _, value in given]


def marks(values: Sequence[object]) -> str:
    """A `?` for each value."""
    return ", ".join("?" * len(values))


def parts(keys: Iterable[str]) -> Iterator[list[str]]:
    """The distinct keys, in lists that fit into one statement."""
    left = iter(dict.fromkeys(keys))
    while part := list(islice(left, MOST_VALUES)):
        yield part


def _uris(row: Row) -> list[str]:
    return [str(artifact["uri"]) for group in json.loads(row[0]).values() for artifact in group]
