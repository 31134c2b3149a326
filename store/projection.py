"""From an event to changes of rows, which follow from the events alone.

Pure. A change is a statement with its values, in plain SQL for SQLite and PostgreSQL with `?` for values. Statements for runs,
tasks and attempts are generated once from the tables of `kflite.core.fold`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from kflite.core import fold
from kflite.core.event import Data, Event
from kflite.core.event_kind import State
from kflite.core.fold import RULES, FromEventIfUnset, FromEventUnlessNone, StateUnless, Table
from kflite.core.run_event import RunSubmitted
from kflite.core.task_event import TaskQueued, TaskSkipped, TaskStarting, TaskSucceeded
from kflite.core.value import Artifact, Value
from kflite.store.cells import Cell, Change, cells, clean, dumps, number
from kflite.store.columns import column
from kflite.store.search import index

# Fields that only the scheduler and views keep.
_UNSTORED = frozenset(
    {"began", "due", "failed", "lost", "key_parts", "ref", "rerun", "stopping", "stopping_group", "stopping_outcome"}
)

NEW_ARTIFACT = (
    "INSERT INTO artifact(id, run, task, output, created, uri, document) VALUES(?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT(id) DO UPDATE SET created = excluded.created, uri = excluded.uri, document = excluded.document"
)
NEW_METRIC = (
    "INSERT INTO metric(run, task, name, value) VALUES(?, ?, ?, ?)"
    " ON CONFLICT(run, task, name) DO UPDATE SET value = excluded.value"
)
NEW_CACHED = (
    "INSERT INTO cache(cache_key, run, task, title, pipeline, created, expires, key_parts, outputs)"
    " SELECT ?, t.run, t.task, t.title, r.pipeline, ?, ?, ?, ? FROM task t JOIN run r ON r.run = t.run"
    " WHERE t.run = ? AND t.task = ?"
    " ON CONFLICT(cache_key) DO UPDATE SET run = excluded.run, task = excluded.task, title = excluded.title,"
    " pipeline = excluded.pipeline, created = excluded.created, expires = excluded.expires, key_parts = excluded.key_parts,"
    " outputs = excluded.outputs"
)

Reads = tuple[Callable[[Event], object], ...]
Statement = tuple[str, Reads]


def changes(event: Event, seq: int, owner: str, lease: float) -> Sequence[Change]:
    """The changes that follow from an event. seq: its number; owner, lease: who leases a new run, and until when."""
    data = event.data
    if isinstance(data, (TaskQueued, TaskSkipped)):
        queued = _bound(_UPSERTS[type(data)], event, (event.run, event.task, seq))
        return [*_void_results(event), queued] if data.rerun else [queued]
    if event.task:
        return _of_task(event)
    if isinstance(data, RunSubmitted):
        created = _bound(_NEW_RUN, event, (event.run, owner, lease if owner else 0.0))
        return [created, *_artifacts(event, data.artifacts), *index.submission_changes(event, data)]
    update = _RUN_UPDATES.get(type(data))
    return [_bound(update, event, (), (event.run,))] if update else [*index.label_changes(event)]


def _of_task(event: Event) -> Sequence[Change]:
    kind, key = type(event.data), (event.run, event.task)
    update, of_attempt = _TASK_UPDATES.get(kind), _ATTEMPT_UPDATES.get(kind)
    updates = [_bound(update, event, (), key)] if update else []
    if kind is TaskStarting:
        updates.append(_bound(_NEW_ATTEMPT, event, (*key, event.attempt)))
    elif event.attempt and of_attempt:
        updates.append(_bound(of_attempt, event, (), (*key, event.attempt)))
    if isinstance(event.data, TaskSucceeded):
        updates += _results(event, event.data)
    return updates


def _void_results(event: Event) -> Iterator[Change]:
    """Delete the earlier results of a task that runs again or is skipped."""
    for table in ("metric", "artifact"):
        yield f"DELETE FROM {table} WHERE run = ? AND task = ?", (event.run, event.task)


# Statements, generated once, and the values that they read from an event.


def _bound(statement: Statement, event: Event, before: tuple[Cell, ...], after: tuple[Cell, ...] = ()) -> Change:
    sql, reads = statement
    return sql, (*before, *cells([read(event) for read in reads]), *after)


def _stored(table: Table, kind: type[Data]) -> Mapping[str, object]:
    """The changes of fields that are columns."""
    unstored = _UNSTORED if table is not fold.ATTEMPT else ()
    return {name: new for name, new in table[kind].fields.items() if name not in unstored}


def _insert(table: str, key: tuple[str, ...], new: Mapping[str, object]) -> Statement:
    columns = ", ".join([*key, *map(column, new)])
    values = ", ".join(["?"] * len(key) + [_sql(name, each) for name, each in new.items()])
    return f"INSERT INTO {table}({columns}) VALUES({values})", _reads(new)


def _upsert(kind: type[Data]) -> Statement:
    """Insert or update: after a retry of its run, a task keeps its position and the columns that the event does not change."""
    new = _stored(fold.TASK, kind)
    defaults = {"attempts": 0} if "group" in new else {"attempts": 0, "group": False}
    sql, reads = _insert("task", ("run", "task", "position"), {**defaults, **new})
    return f"{sql} ON CONFLICT(run, task) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in map(column, new))}", reads


def _updates(name: str, table: Table, key: str) -> Mapping[type[Data], Statement]:
    """Statements by kind of data, for those that change something."""
    updates = {kind: (changes, _stored(table, kind)) for kind, changes in table.items()}
    return {kind: _update(name, new, _where(key, changes.only_in)) for kind, (changes, new) in updates.items() if new}


def _update(table: str, new: Mapping[str, object], where: str) -> Statement:
    assignments = ", ".join(f"{column(name)} = {_sql(name, each)}" for name, each in new.items())
    return f"UPDATE {table} SET {assignments} WHERE {where}", _reads(new)


def _where(key: str, only_in: tuple[State, ...]) -> str:
    return f"{key} AND state IN ({_named(only_in)})" if only_in else key


def _sql(name: str, new: object) -> str:
    """A column's new value in SQL."""
    match new:
        case FromEventIfUnset():
            return f"coalesce({column(name)}, ?)"
        case FromEventUnlessNone():
            return f"coalesce(?, {column(name)})"
        case StateUnless(value, states):
            return f"CASE WHEN state IN ({_named(states)}) THEN state ELSE '{value}' END"
    return "?" if isinstance(new, RULES) else _literal(*cells([new]))


def _reads(new: Mapping[str, object]) -> Reads:
    return tuple(each.read for each in new.values() if isinstance(each, RULES) and not isinstance(each, StateUnless))


def _literal(value: Cell) -> str:
    """A constant in SQL: a plain word, a number, or NULL."""
    if isinstance(value, str):
        return f"'{value}'"
    return "NULL" if value is None else str(value).upper()


def _named(states: tuple[State, ...]) -> str:
    return ", ".join(f"'{state}'" for state in states)


_NEW_RUN = _insert("run", ("run", "owner", "lease"), _stored(fold.RUN, RunSubmitted))
_UPSERTS = {kind: _upsert(kind) for kind in (TaskQueued, TaskSkipped)}
_RUN_UPDATES = _updates("run", fold.RUN, "run = ?")
_TASK_UPDATES = _updates("task", fold.TASK, "run = ? AND task = ?")
# An ended attempt stays as it is when its task is cancelled before the next one.
_ATTEMPT_UPDATES = _updates("attempt", fold.ATTEMPT, "run = ? AND task = ? AND attempt = ? AND ended IS NULL")
_NEW_ATTEMPT = _insert("attempt", ("run", "task", "attempt"), _stored(fold.ATTEMPT, TaskStarting))


# Results of a task.


def _results(event: Event, data: TaskSucceeded) -> Iterator[Change]:
    if not data.source:
        yield from _artifacts(event, data.outputs.artifacts)
    for name, value in _numbers(data.outputs.parameters, data.outputs.artifacts):
        yield NEW_METRIC, (event.run, event.task, name, value)
    if data.key and not data.source:
        key_parts, outputs = dumps(data.key_parts), dumps(data.outputs)
        yield NEW_CACHED, (clean(data.key), event.at, data.expires, key_parts, outputs, event.run, event.task)


def _artifacts(event: Event, artifacts: Mapping[str, Sequence[Artifact]]) -> Iterator[Change]:
    """Rows of a task's outputs, or of a run's inputs, whose ids have no task."""
    for output, group in artifacts.items():
        for position, artifact in enumerate(group):
            id = "/".join(filter(None, (event.run, event.task, output))) + (f"[{position}]" if len(group) > 1 else "")
            yield NEW_ARTIFACT, (id, event.run, event.task, output, event.at, clean(artifact.uri), dumps(artifact))


def _numbers(parameters: Mapping[str, Value], artifacts: Mapping[str, Sequence[Artifact]]) -> Iterator[tuple[str, float]]:
    yield from _named_numbers(parameters)
    for group in artifacts.values():
        for artifact in group:
            if artifact.type == "system.Metrics":
                yield from _named_numbers(artifact.metadata)


def _named_numbers(values: Mapping[str, Value]) -> Iterator[tuple[str, float]]:
    for name, value in values.items():
        if (real := number(value)) is not None:
            yield name, real
