"""The stores that the contract holds for, and events to fill them with."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from kflite import store
from kflite.core.event import Event
from kflite.core.event_json import from_json
from kflite.core.event_kind import Kind
from kflite.core.task_event import TaskRunning, TaskStarting
from kflite.core.value import Value
from kflite.store import Database

KINDS = ("file", "memory", "postgresql")


def url_of(kind: str, request: pytest.FixtureRequest, folder: Path) -> str:
    """The URL of a fresh store."""
    if kind == "postgresql":
        return schema(str(request.getfixturevalue("postgres_server")), request)
    return "sqlite://" if kind == "memory" else f"sqlite:///{folder}/kflite.db"


def schema(server: str, request: pytest.FixtureRequest) -> str:
    """The URL of a schema of the test's own, which is made ten times as fast as a database, and is gone after the test."""
    import psycopg

    name = f"test_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}".encode())

    def drop() -> None:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP SCHEMA {name} CASCADE".encode())

    request.addfinalizer(drop)
    return f"{server}{'&' if '?' in server else '?'}options=-csearch_path%3D{name}"


def event(run: str, kind: Kind, at: float, data: dict[str, Value], task: str = "", attempt: int = 0) -> Event:
    """An event from what it is stored as."""
    return Event(run, from_json(kind, data), at, task, attempt)


def submitted(run: str, at: float = 1.0, **data: Value) -> Event:
    given: dict[str, Value] = {"name": "digits", "kind": "dag", "pipeline": "digits", "plan": "", "on": "local"}
    return event(run, Kind.RUN_SUBMITTED, at, given | data)


def ended(run: str, at: float = 9.0, state: str = "SUCCEEDED", **data: Value) -> Event:
    return event(run, Kind.RUN_ENDED, at, {"state": state} | data)


def queued(run: str, task: str, at: float = 2.0, **data: Value) -> Event:
    return event(run, Kind.TASK_QUEUED, at, {"title": task} | data, task)


def starting(run: str, task: str, attempt: int = 1, at: float = 3.0) -> Event:
    return Event(run, TaskStarting("process"), at, task, attempt)


def running(run: str, task: str, attempt: int = 1, at: float = 4.0) -> Event:
    return Event(run, TaskRunning(f"pid-{attempt}"), at, task, attempt)


def succeeded(run: str, task: str, attempt: int = 1, at: float = 5.0, **data: Value) -> Event:
    outputs: Value = {name: data.pop(name) for name in ("parameters", "artifacts") if name in data}
    return event(run, Kind.TASK_SUCCEEDED, at, data | {"outputs": outputs}, task, attempt)


def failed(run: str, task: str, attempt: int = 1, at: float = 5.0, **data: Value) -> Event:
    told: dict[str, Value] = {"code": 1, "reason": "Error", "message": "no such file"}
    return event(run, Kind.TASK_FAILED, at, told | data, task, attempt)


def document(name: str, uri: str, type: str = "system.Dataset", **metadata: Value) -> Value:
    """An artifact as events hold it."""
    return {"name": name, "uri": uri, "type": type} | ({"metadata": metadata} if metadata else {})


def made(run: str, task: str, **data: Value) -> list[Event]:
    """A task from its queue to its success."""
    return [queued(run, task), starting(run, task), running(run, task), succeeded(run, task, **data)]


def numbered(opened: Database, run: str = "", after: int = 0) -> list[int]:
    return [event.seq for event in opened.events(run, after)]


def another(opened: Database) -> Database:
    """The same store, by a connection of its own."""
    return store.open(opened.url)


def metrics_of(opened: Database, run: str) -> list[tuple[str, str, float]]:
    """(task, name, value) of the run's metrics, by which runs are searched and sorted."""
    rows = opened.connection.rows("SELECT task, name, value FROM metric WHERE run = ? ORDER BY task, name", (run,))
    return [(task, name, value) for task, name, value in rows]
