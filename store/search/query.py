"""A search of runs as SQL that SQLite and PostgreSQL take: texts of ours, with `?` for every value that a user gave.

Every condition is true or false, never unknown, so that a negation is true of the rest. Rows of other tables are looked up by an
index of theirs, which gives the runs to look at where they are few.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from kflite.store.base import Query, RunRow
from kflite.store.cells import Cell, clean
from kflite.store.columns import column
from kflite.store.search.index import LONGEST
from kflite.store.search.where import TEXTS, TIMES, And, Clause, Negation, Node, Or, field, only, parse

Part: TypeAlias = "tuple[str, list[Cell]]"

_HIDDEN = "(archived IS NOT NULL OR experiment IN (SELECT name FROM experiment e WHERE e.archived IS NOT NULL))"
_LASTED = "(coalesce(ended, ?) - created)"
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_MARKED = str.maketrans({"!": "!!", "%": "!%", "_": "!_"})


def page(query: Query, run: Callable[[str], RunRow]) -> Part:
    """All that follows `FROM run`. run: finds the one that a page starts after. Raises InputError."""
    wanted: list[Part] = []
    if query.archived is not None:
        wanted.append((_HIDDEN if query.archived else f"NOT {_HIDDEN}", []))
    wanted += [("profile = ?", [clean(query.profile)])] if query.profile else []
    nodes: list[Node] = [only(name, text) for name, text in (("state", query.state), ("experiment", query.experiment)) if text]
    nodes += [parse(query.where, query.now)] if query.where.strip() else []
    wanted += [condition(node, query.now) for node in nodes]
    order = _Order(query)
    if query.after:
        wanted.append(order.after(run(query.after)))
    clause = " AND ".join(sql for sql, _ in wanted)
    values = [value for _, given in wanted for value in given]
    by, key = order.part
    return f"{'WHERE ' if clause else ''}{clause} {by} LIMIT ?", [*values, *key, query.limit]


def condition(node: Node, now: float) -> Part:
    """What is true of the rows of `run` that the expression is true of."""
    match node:
        case Negation(of):
            sql, values = condition(of, now)
            return f"NOT {sql}", values
        case And(of) | Or(of):
            parts = [condition(each, now) for each in of]
            joined = (" AND " if isinstance(node, And) else " OR ").join(sql for sql, _ in parts)
            return f"({joined})", [value for _, values in parts for value in values]
        case Clause():
            return _test(node, now)


def _test(test: Clause, now: float) -> Part:
    if test.field in ("param", "label"):
        return _held(test)
    if test.field == "metric":
        return _metric(test)
    if test.field in TIMES:
        return _time(test)
    if test.field == "version":
        return _version(*clean(test.text).partition("@"))
    if test.field == "duration":
        return f"({_LASTED} {test.operator} ?)", [now, test.number]
    return _text(column(test.field), test)


def _text(column: str, test: Clause) -> Part:
    if test.operator == "~":
        return f"(lower({column}) LIKE ? ESCAPE '!')", [f"%{clean(test.text).translate(_LOWER).translate(_MARKED)}%"]
    return f"({column} = ?)", [clean(test.text)]


def _time(test: Clause) -> Part:
    column = test.field
    if test.operator == "=":
        return f"({column} IS NOT NULL AND {column} >= ? AND {column} < ?)", [test.number, test.until]
    return f"({column} IS NOT NULL AND {column} {test.operator} ?)", [test.number]


def _version(pipeline: str, at: str, version: str) -> Part:
    """The run's document is that of a version that was uploaded."""
    named = "pipeline = ? AND version = ?" if at else "pipeline = ?"
    return f'(run."plan" IN (SELECT v."plan" FROM version v WHERE {named}))', [pipeline, version] if at else [pipeline]


def _held(test: Clause) -> Part:
    """A condition on a parameter or label."""
    table = "parameter" if test.field == "param" else "label"
    rows = f"SELECT run FROM {table} WHERE name = ?"
    key, text = clean(test.key), clean(test.text)[:LONGEST]
    if test.operator == "has":
        return f"(run IN ({rows}))", [key]
    if test.operator == "~":
        sql, values = _text("value", test)
        return f"(run IN ({rows} AND {sql}))", [key, *values]
    if test.operator == "=" and (test.number is None or table == "label"):
        return f"(run IN ({rows} AND value = ?))", [key, text]
    if test.operator == "=":
        return f"(run IN ({rows} AND value = ? UNION {rows} AND number = ?))", [key, text, key, test.number]
    if test.number is None:
        return f"(run IN ({rows} AND number IS NULL AND value {test.operator} ?))", [key, text]
    return f"(run IN ({rows} AND number {test.operator} ?))", [key, test.number]


def _metric(test: Clause) -> Part:
    named, values = _metric_name(test.key)
    if test.operator == "has":
        return f"(run IN (SELECT run FROM metric WHERE {named}))", values
    return f"(run IN (SELECT run FROM metric WHERE {named} AND value {test.operator} ?))", [*values, test.number]


def _metric_name(key: str, column: str = "name") -> Part:
    """`NAME`, whichever task's, or `TASK/NAME`."""
    task, slash, name = clean(key).rpartition("/")
    if not slash:
        return f"{column} = ?", [name]
    return f"({column} = ? OR {column} = ? AND task = ?)", [clean(key), name, task]


class _Order:
    """The order of a search: by a key, and by the run's id where that is the same; runs that have no key come last."""

    def __init__(self, query: Query) -> None:
        name, key = field(query.sort)
        self._key, self._values = _key(name, key, query.now)
        self._falls = (name in TEXTS or name == "state") is query.reverse
        self._always = name == "created"

    @property
    def part(self) -> Part:
        """The clause."""
        way = "DESC" if self._falls else "ASC"
        by_key = f"ORDER BY {self._key} {way}, run {way}"
        if self._always:
            return by_key, self._values
        return by_key.replace("ORDER BY", f"ORDER BY {self._key} IS NULL,"), self._values * 2

    def after(self, row: RunRow) -> Part:
        """What comes later than this run."""
        sign = "<" if self._falls else ">"
        if self._always:
            return f"(created, run) {sign} (?, ?)", [row.created, row.run]
        key, its = self._key, f"(SELECT {self._key} FROM run WHERE run.run = ?)"
        mine, theirs = self._values, [*self._values, row.run]
        same = f"({key} = {its} OR {key} IS NULL AND {its} IS NULL)"
        sql = f"({key} {sign} {its} OR {key} IS NULL AND {its} IS NOT NULL OR {same} AND run {sign} ?)"
        return sql, [*(mine + theirs) * 4, row.run]


def _key(name: str, key: str, now: float) -> Part:
    """What runs are ordered by."""
    match name:
        case "duration":
            return _LASTED, [now]
        case "param":
            return "(SELECT number FROM parameter p WHERE p.run = run.run AND p.name = ?)", [clean(key)]
        case "label":
            return "(SELECT value FROM label l WHERE l.run = run.run AND l.name = ?)", [clean(key)]
        case "metric":
            # By the run: the index by name would be gone through for every run.
            named, values = _metric_name(key, "name || ''")
            return f"(SELECT max(value) FROM metric m WHERE m.run = run.run AND {named})", values
        case _:
            return column(name), []
