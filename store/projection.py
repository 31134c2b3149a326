"""From an event to changes of rows: what the tables beside the events hold, and nothing that the events do not say.

Pure. A change is a statement with its values; the statements are plain SQL that SQLite and PostgreSQL take (`?` for a value).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from kflite.core.event import Event, Kind, State
from kflite.core.value import Value
from kflite.store.cells import Change, clean, dumps, number, word
from kflite.store.search import index

NEW_RUN = (
    'INSERT INTO run(run, name, kind, state, reason, pipeline, experiment, place, "plan", created, owner, lease, parameters,'
    " outputs, options) VALUES(?, ?, ?, 'QUEUED', '', ?, ?, ?, ?, ?, ?, ?, ?, '{}', ?)"
)
RUN_STARTED = (
    "UPDATE run SET state = CASE state WHEN 'STOPPING' THEN state ELSE 'RUNNING' END, started = coalesce(started, ?)"
    " WHERE run = ?"
)
RUN_STOPPING = "UPDATE run SET state = 'STOPPING', reason = ? WHERE run = ?"
RUN_ENDED = "UPDATE run SET state = ?, reason = ?, outputs = ?, ended = ?, owner = '', lease = 0 WHERE run = ?"
RUN_RETRIED = (
    "UPDATE run SET state = 'QUEUED', reason = '', ended = NULL, outputs = '{}', \"plan\" = coalesce(?, \"plan\")"
    " WHERE run = ? AND ended IS NOT NULL"
)

# After a retry of its run a task is queued anew: it keeps its place in the order and the count of its attempts.
TASK_QUEUED = (
    "INSERT INTO task(run, task, position, title, state, reason, message, attempts, executor, queued, ended, is_group, cache_key,"
    " source, parameters, inputs, outputs, artifacts) VALUES(?, ?, ?, ?, ?, ?, '', 0, '', ?, ?, ?, ?, '', ?, ?, '{}', '{}')"
    " ON CONFLICT(run, task) DO UPDATE SET title = excluded.title, state = excluded.state, reason = excluded.reason,"
    " message = '', executor = '', queued = excluded.queued, started = NULL, ended = excluded.ended,"
    " is_group = excluded.is_group, cache_key = excluded.cache_key, source = '', parameters = excluded.parameters,"
    " inputs = excluded.inputs, outputs = '{}', artifacts = '{}'"
)
TASK_STARTING = (
    "UPDATE task SET state = 'STARTING', attempts = ?, executor = ?, reason = '', message = '', started = NULL"
    " WHERE run = ? AND task = ?"
)
TASK_RUNNING = (
    "UPDATE task SET state = CASE state WHEN 'STOPPING' THEN state ELSE 'RUNNING' END, started = coalesce(started, ?)"
    " WHERE run = ? AND task = ?"
)
TASK_STOPPING = "UPDATE task SET state = 'STOPPING', reason = ? WHERE run = ? AND task = ?"
TASK_NOTED = "UPDATE task SET reason = ?, message = ? WHERE run = ? AND task = ?"
TASK_RETRYING = "UPDATE task SET state = 'QUEUED', reason = ?, message = ?, started = NULL WHERE run = ? AND task = ?"
TASK_ENDED = (
    "UPDATE task SET state = ?, reason = ?, message = ?, ended = ?, source = ?, outputs = ?, artifacts = ?"
    " WHERE run = ? AND task = ?"
)

ATTEMPT_STARTING = (
    "INSERT INTO attempt(run, task, attempt, state, executor, ref, reason, message, started)"
    " VALUES(?, ?, ?, 'STARTING', ?, '', '', '', ?)"
)
ATTEMPT_RUNNING = (
    "UPDATE attempt SET state = CASE state WHEN 'STOPPING' THEN state ELSE 'RUNNING' END, ref = ?"
    " WHERE run = ? AND task = ? AND attempt = ? AND ended IS NULL"
)
ATTEMPT_STOPPING = (
    "UPDATE attempt SET state = 'STOPPING', reason = ? WHERE run = ? AND task = ? AND attempt = ? AND ended IS NULL"
)
# A task that is cancelled while it waits for its next attempt leaves the last one as it ended.
ATTEMPT_ENDED = (
    "UPDATE attempt SET state = ?, code = ?, reason = ?, message = ?, ended = ?"
    " WHERE run = ? AND task = ? AND attempt = ? AND ended IS NULL"
)

NEW_ARTIFACT = (
    "INSERT INTO artifact(id, run, task, output, created, uri, document) VALUES(?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT(id) DO UPDATE SET created = excluded.created, uri = excluded.uri, document = excluded.document"
)
NEW_METRIC = (
    "INSERT INTO metric(run, task, name, value) VALUES(?, ?, ?, ?)"
    " ON CONFLICT(run, task, name) DO UPDATE SET value = excluded.value"
)
CACHED = (
    "INSERT INTO cache(cache_key, run, task, title, pipeline, created, expires, material, outputs)"
    " SELECT ?, t.run, t.task, t.title, r.pipeline, ?, ?, ?, ? FROM task t JOIN run r ON r.run = t.run"
    " WHERE t.run = ? AND t.task = ?"
    " ON CONFLICT(cache_key) DO UPDATE SET run = excluded.run, task = excluded.task, title = excluded.title,"
    " pipeline = excluded.pipeline, created = excluded.created, expires = excluded.expires, material = excluded.material,"
    " outputs = excluded.outputs"
)


def changes(event: Event, seq: int, owner: str, lease: float) -> Iterator[Change]:
    """What follows from an event. seq: its number; owner, lease: who holds a run that is made, and until when."""
    if event.kind is Kind.RUN_SUBMITTED:
        yield _submitted(event, owner, lease)
        yield from _artifacts(event, _group(event))
        yield from index.submitted(event)
    elif event.kind is Kind.TASK_QUEUED:
        yield from _void(event)
        yield _queued(event, seq, State.QUEUED, None)
    elif event.kind is Kind.TASK_SKIPPED:
        yield from _void(event)
        yield _queued(event, seq, State.SKIPPED, event.at)
    elif event.kind in _CHANGES:
        yield from _CHANGES[event.kind](event)


def _part(data: Mapping[str, Value], name: str) -> str:
    value = data.get(name)
    return dumps(value) if value else "{}"


def _submitted(event: Event, owner: str, lease: float) -> Change:
    texts = {n: word(event, n) for n in ("name", "kind", "pipeline", "experiment", "on", "plan")}
    given = (_part(event.data, "parameters"), _part(event.data, "options"))
    return NEW_RUN, (event.run, *texts.values(), event.at, owner, lease if owner else 0.0, *given)


def _void(event: Event) -> Iterator[Change]:
    """What the task made before counts no longer, where it is done again, or is to be skipped."""
    if event.data.get("again"):
        for table in ("metric", "artifact"):
            yield f"DELETE FROM {table} WHERE run = ? AND task = ?", (event.run, event.task)


def _queued(event: Event, seq: int, state: State, ended: float | None) -> Change:
    title = word(event, "title") or event.task.rpartition("/")[2]
    group, key = bool(event.data.get("group")), word(event, "key")
    parts = (_part(event.data, "parameters"), _part(event.data, "artifacts"))
    reason = word(event, "reason")
    return TASK_QUEUED, (event.run, event.task, seq, title, state.value, reason, event.at, ended, group, key, *parts)


def _run_started(event: Event) -> Iterator[Change]:
    yield RUN_STARTED, (event.at, event.run)


def _run_stopping(event: Event) -> Iterator[Change]:
    yield RUN_STOPPING, (word(event, "reason"), event.run)


def _run_ended(event: Event) -> Iterator[Change]:
    yield RUN_ENDED, (word(event, "state"), word(event, "reason"), _part(event.data, "outputs"), event.at, event.run)


def _run_retried(event: Event) -> Iterator[Change]:
    yield RUN_RETRIED, (word(event, "plan") or None, event.run)


def _starting(event: Event) -> Iterator[Change]:
    executor = word(event, "executor")
    yield TASK_STARTING, (event.attempt, executor, event.run, event.task)
    yield ATTEMPT_STARTING, (event.run, event.task, event.attempt, executor, event.at)


def _running(event: Event) -> Iterator[Change]:
    yield TASK_RUNNING, (event.at, event.run, event.task)
    if event.attempt:
        yield ATTEMPT_RUNNING, (word(event, "ref"), event.run, event.task, event.attempt)


def _stopping(event: Event) -> Iterator[Change]:
    reason = word(event, "reason")
    yield TASK_STOPPING, (reason, event.run, event.task)
    yield ATTEMPT_STOPPING, (reason, event.run, event.task, event.attempt)


def _noted(event: Event) -> Iterator[Change]:
    yield TASK_NOTED, (word(event, "reason"), word(event, "message"), event.run, event.task)


def _retrying(event: Event) -> Iterator[Change]:
    yield TASK_RETRYING, (word(event, "reason"), word(event, "message"), event.run, event.task)
    yield _attempt_ended(event, State.FAILED)


def _ended(state: State) -> Callable[[Event], Iterator[Change]]:
    def rows(event: Event) -> Iterator[Change]:
        reason, message, source = (word(event, n) for n in ("reason", "message", "source"))
        made = (_part(event.data, "parameters"), _part(event.data, "artifacts"))
        yield TASK_ENDED, (state.value, reason, message, event.at, source, *made, event.run, event.task)
        if event.attempt and not source:
            yield _attempt_ended(event, state)
        if state is State.SUCCEEDED:
            yield from _made(event, bool(source))

    return rows


def _attempt_ended(event: Event, state: State) -> Change:
    code = event.data.get("code", 0 if state is State.SUCCEEDED else None)
    assert code is None or isinstance(code, int)
    ended = (state.value, code, word(event, "reason"), word(event, "message"), event.at)
    return ATTEMPT_ENDED, (*ended, event.run, event.task, event.attempt)


def _made(event: Event, cached: bool) -> Iterator[Change]:
    artifacts, parameters = _group(event), event.data.get("parameters") or {}
    assert isinstance(parameters, dict)
    if not cached:
        yield from _artifacts(event, artifacts)
    for name, value in _numbers(parameters, artifacts):
        yield NEW_METRIC, (event.run, event.task, name, value)
    if event.data.get("key") and not cached:
        yield _entry(event)


def _group(event: Event) -> dict[str, Value]:
    artifacts = event.data.get("artifacts") or {}
    assert isinstance(artifacts, dict)
    return artifacts


def _artifacts(event: Event, artifacts: Mapping[str, Value]) -> Iterator[Change]:
    """The rows of what a task made, or of what a run was given: those have no task in their id."""
    for output, group in artifacts.items():
        assert isinstance(group, list)
        for place, document in enumerate(group):
            assert isinstance(document, dict)
            id = "/".join(filter(None, (event.run, event.task, output))) + (f"[{place}]" if len(group) > 1 else "")
            yield NEW_ARTIFACT, (id, event.run, event.task, output, event.at, clean(str(document["uri"])), dumps(document))


def _numbers(parameters: Mapping[str, Value], artifacts: Mapping[str, Value]) -> Iterator[tuple[str, float]]:
    yield from _plain(parameters)
    for group in artifacts.values():
        for document in group if isinstance(group, list) else ():
            if isinstance(document, dict) and document["type"] == "system.Metrics":
                metadata = document.get("metadata") or {}
                yield from _plain(metadata if isinstance(metadata, dict) else {})


def _plain(values: Mapping[str, Value]) -> Iterator[tuple[str, float]]:
    for name, value in values.items():
        if (real := number(value)) is not None:
            yield name, real


def _entry(event: Event) -> Change:
    expires = event.data.get("expires")
    assert expires is None or isinstance(expires, int | float)
    outputs = {k: v for k, v in event.data.items() if k in ("parameters", "artifacts")}
    key, material = word(event, "key"), _part(event.data, "material")
    return CACHED, (key, event.at, expires, material, dumps(outputs), event.run, event.task)


_CHANGES: Mapping[Kind, Callable[[Event], Iterator[Change]]] = {
    Kind.RUN_STARTED: _run_started,
    Kind.RUN_STOPPING: _run_stopping,
    Kind.RUN_ENDED: _run_ended,
    Kind.RUN_RETRIED: _run_retried,
    **index.CHANGES,
    Kind.TASK_STARTING: _starting,
    Kind.TASK_RUNNING: _running,
    Kind.TASK_STOPPING: _stopping,
    Kind.TASK_NOTED: _noted,
    Kind.TASK_RETRYING: _retrying,
    Kind.TASK_SUCCEEDED: _ended(State.SUCCEEDED),
    Kind.TASK_FAILED: _ended(State.FAILED),
    Kind.TASK_CANCELLED: _ended(State.CANCELLED),
}
