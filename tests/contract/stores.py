"""The stores that the contract holds for, and events to fill them with."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from kflite import store
from kflite.core.event import Event, Kind
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


def submitted(run: str, at: float = 1.0, **data: Value) -> Event:
    return Event(run, Kind.RUN_SUBMITTED, at, data={"name": "digits", "kind": "dag", "pipeline": "digits", "on": "local"} | data)


def ended(run: str, at: float = 9.0, state: str = "SUCCEEDED", **data: Value) -> Event:
    return Event(run, Kind.RUN_ENDED, at, data={"state": state} | data)


def queued(run: str, task: str, at: float = 2.0, **data: Value) -> Event:
    return Event(run, Kind.TASK_QUEUED, at, task, data={"title": task} | data)


def starting(run: str, task: str, attempt: int = 1, at: float = 3.0) -> Event:
    return Event(run, Kind.TASK_STARTING, at, task, attempt, {"executor": "process"})


def running(run: str, task: str, attempt: int = 1, at: float = 4.0) -> Event:
    return Event(run, Kind.TASK_RUNNING, at, task, attempt, {"ref": f"pid-{attempt}"})


def succeeded(run: str, task: str, attempt: int = 1, at: float = 5.0, **data: Value) -> Event:
    return Event(run, Kind.TASK_SUCCEEDED, at, task, attempt, data)


def failed(run: str, task: str, attempt: int = 1, at: float = 5.0, **data: Value) -> Event:
    said: dict[str, Value] = {"code": 1, "reason": "Error", "message": "no such file"}
    return Event(run, Kind.TASK_FAILED, at, task, attempt, said | data)


def document(name: str, uri: str, type: str = "system.Dataset", **metadata: Value) -> Value:
    """An artifact as events hold it."""
    return {"name": name, "uri": uri, "type": type} | ({"metadata": metadata} if metadata else {})


def made(run: str, task: str, **data: Value) -> list[Event]:
    """A task from its queue to its success."""
    success = Event(run, Kind.TASK_SUCCEEDED, 5.0, task, 1, data)
    return [queued(run, task), starting(run, task), running(run, task), success]


def numbered(opened: Database, run: str = "", after: int = 0) -> list[int]:
    return [event.seq for event in opened.events(run, after)]


def another(opened: Database) -> Database:
    """The same store, by a connection of its own."""
    return store.open(opened.url)
