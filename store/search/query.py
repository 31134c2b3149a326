"""A search of runs as SQL for SQLite and PostgreSQL, with `?` for every value of the user.

Every condition is true or false and never NULL, so that a negation is true of all other rows. Other tables are looked up by their
indexes, which leads to the runs where these are few.
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
    """The SQL after `FROM run`. run: looks up the run that a page starts after. Raises InputError."""
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
    values = [value for _, part_values in wanted for value in part_values]
    by, key = order.part
    return f"{'WHERE ' if clause else ''}{clause} {by} LIMIT ?", [*values, *key, query.limit]


def condition(node: Node, now: float) -> Part:
    """The expression as an SQL condition on rows of `run`."""
    match node:
        case Negation(inner):
            sql, values = condition(inner, now)
            return f"NOT {sql}", values
        case And(inner) | Or(inner):
            parts = [condition(each, now) for each in inner]
            sql_joined = (" AND " if isinstance(node, And) else " OR ").join(sql for sql, _ in parts)
            return f"({sql_joined})", [value for _, values in parts for value in values]
        case Clause():
            return _test(node, now)


def _test(test: Clause, now: float) -> Part:
    if test.field in ("param", "label"):
        return _by_name(test)
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
    """A condition that the run's document is that of an uploaded version."""
    named = "pipeline = ? AND version = ?" if at else "pipeline = ?"
    return f'(run."plan" IN (SELECT v."plan" FROM version v WHERE {named}))', [pipeline, version] if at else [pipeline]


def _by_name(test: Clause) -> Part:
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
    """A condition for `NAME` of any task, or `TASK/NAME`."""
    task, slash, name = clean(key).rpartition("/")
    if not slash:
        return f"{column} = ?", [name]
    return f"({column} = ? OR {column} = ? AND task = ?)", [clean(key), name, task]


class _Order:
    """The order of a search: by a key, then by the run's id; runs without the key come last."""

    def __init__(self, query: Query) -> None:
        name, key = field(query.sort)
        self._key, self._values = _key(name, key, query.now)
        self._falls = (name in TEXTS or name == "state") is query.reverse
        self._always = name == "created"

    @property
    def part(self) -> Part:
        """The ORDER BY clause."""
        direction = "DESC" if self._falls else "ASC"
        by_key = f"ORDER BY {self._key} {direction}, run {direction}"
        if self._always:
            return by_key, self._values
        return by_key.replace("ORDER BY", f"ORDER BY {self._key} IS NULL,"), self._values * 2

    def after(self, row: RunRow) -> Part:
        """A condition for runs that come after this one."""
        sign = "<" if self._falls else ">"
        if self._always:
            return f"(created, run) {sign} (?, ?)", [row.created, row.run]
        key, other_key = self._key, f"(SELECT {self._key} FROM run WHERE run.run = ?)"
        values, other_values = self._values, [*self._values, row.run]
        same = f"({key} = {other_key} OR {key} IS NULL AND {other_key} IS NULL)"
        sql = f"({key} {sign} {other_key} OR {key} IS NULL AND {other_key} IS NOT NULL OR {same} AND run {sign} ?)"
        return sql, [*(values + other_values) * 4, row.run]


def _key(name: str, key: str, now: float) -> Part:
    """The expression that runs are sorted by."""
    match name:
        case "duration":
            return _LASTED, [now]
        case "param":
            return "(SELECT number FROM parameter p WHERE p.run = run.run AND p.name = ?)", [clean(key)]
        case "label":
            return "(SELECT value FROM label l WHERE l.run = run.run AND l.name = ?)", [clean(key)]
        case "metric":
            # `|| ''` makes SQL use the index by run: that by name would be scanned for every run.
            named, values = _metric_name(key, "name || ''")
            return f"(SELECT max(value) FROM metric m WHERE m.run = run.run AND {named})", values
        case _:
            return column(name), []
