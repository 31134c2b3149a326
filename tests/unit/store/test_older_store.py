"""A store that the version before wrote (its tables, and what that version read of them) opens, and reads the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from kflite import store
from kflite.core.event_json import to_json
from kflite.core.event_kind import State
from kflite.core.run_event import RunEnded, RunRetried
from kflite.core.task_event import TaskQueued, TaskRetrying, TaskStopping, TaskSucceeded, TaskWaiting
from kflite.store import Database, ddl
from kflite.store.migrate import migrate

OLDER = json.loads((Path(__file__).parent / "store_0002.json").read_text())
READ = OLDER["read"]


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/kflite.db" if sqlite else str(request.getfixturevalue("postgres_url"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ddl, "HEAD", "0002")
        migrate(url, ddl.NOTHING)
    _fill(url)
    found = store.open(url)
    yield found
    found.close()


def _fill(url: str) -> None:
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        for name, rows in OLDER["tables"].items():
            if rows:
                connection.execute(sa.Table(name, sa.MetaData(), autoload_with=connection).insert(), rows)
    engine.dispose()


def plain(rows: list[Any]) -> list[dict[str, Any]]:
    """Rows as the version before wrote them down: without what is new, and by the names that it had."""
    found = []
    for row in rows:
        held = {("material" if name == "key_parts" else name): value for name, value in asdict(row).items() if name != "profile"}
        found.append(json.loads(json.dumps(held)))
    return found


def place(row: dict[str, Any]) -> tuple[str, int]:
    return row["task"], row["attempt"]


def test_its_rows_are_as_they_were(opened: Database) -> None:
    runs = [row["run"] for row in READ["runs"]]
    assert plain(opened.runs()) == READ["runs"]
    assert {run: plain(opened.tasks(run)) for run in runs} == READ["tasks"]
    attempts = {run: sorted(plain(opened.attempts(run)), key=place) for run in runs}
    assert attempts == {run: sorted(rows, key=place) for run, rows in READ["attempts"].items()}
    assert (plain(opened.artifacts()), plain(opened.cache())) == (READ["artifacts"], READ["cache"])
    assert {row.profile for row in opened.runs()} == {""}


def test_its_events_are_read_and_are_what_this_version_writes(opened: Database) -> None:
    events = opened.events()
    assert [event.kind.replace("waiting", "noted") for event in events] == READ["events"]
    stored = dict(opened.connection.rows("SELECT seq, data FROM event"))
    # The version before wrote some defaults, which are left out now.
    assert all(to_json(event.data).keys() <= json.loads(stored[event.seq]).keys() for event in events)


def test_what_events_hold_by_another_name_is_kept(opened: Database) -> None:
    told = [event.data for event in opened.events("tidy")]
    waiting = next(data for data in told if isinstance(data, TaskWaiting))
    assert (waiting.reason, waiting.message) == ("waiting", "no node is free")
    retrying = next(data for data in told if isinstance(data, TaskRetrying))
    assert (retrying.code, retrying.delay_s, retrying.lost) == (-1, 0.5, True)
    assert next(data for data in told if isinstance(data, TaskStopping)) == TaskStopping("timeout", "g")
    assert next(data for data in told if isinstance(data, RunRetried)) == RunRetried("d1", True, ("g/fit",))
    ended = next(data for data in told if isinstance(data, RunEnded))
    assert (ended.state, ended.outputs.artifacts["model"][0].digest) == (State.FAILED, "b3:1")
    fit, *_ = [data for data in told if isinstance(data, TaskSucceeded)]
    assert (fit.outputs.parameters, fit.key_parts, fit.expires) == ({"y": 0.5}, {"code": "c1", "image": "i"}, 900.0)
    assert [data.rerun for data in told if isinstance(data, TaskQueued)] == [False, False, False, True]


def test_its_events_lead_to_its_rows(opened: Database) -> None:
    fresh = store.open("sqlite://")
    fresh.append([replace(event, seq=0) for event in opened.events()])
    for run in (row["run"] for row in READ["runs"]):
        old, new = ({row.task: (row.state, row.attempts, row.outputs) for row in each.tasks(run)} for each in (opened, fresh))
        assert (fresh.run(run).state, new) == (opened.run(run).state, old)
    assert [replace(row, expires=None) for row in fresh.cache()] == [replace(row, expires=None) for row in opened.cache()]
    fresh.close()
