"""The tables: models, committed DDL and migrations lead to the same schema, and an older database becomes a newer one."""

from __future__ import annotations

import json
import multiprocessing
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine
from sqlmodel import SQLModel

from kflite import store
from kflite.core.event import Event
from kflite.core.run_event import RunSubmitted
from kflite.errors import StoreError
from kflite.store import ddl, models
from kflite.store.migrate import migrate

NEXT = """
from alembic import op
import sqlalchemy as sa

revision, down_revision = "0004", "0003"

def upgrade():
    op.add_column("run", sa.Column("mood", sa.Text(), nullable=False, server_default="calm"))
    {more}
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/kflite.db" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def next_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A kflite whose schema has moved on by a column."""
    versions = tmp_path / "versions"
    versions.mkdir()
    for name in ("r0001.py", "r0002.py", "r0003.py"):
        (versions / name).write_text((ddl.VERSIONS / name).read_text())
    (versions / "r0004.py").write_text(NEXT.format(more=""))
    monkeypatch.setattr(ddl, "VERSIONS", versions)
    monkeypatch.setattr(ddl, "HEAD", "0004")
    return versions


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def difference(url: str) -> list[object]:
    with connected(url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, SQLModel.metadata))


def tables(url: str) -> list[tuple[str, ...]]:
    """Every column and index, as the database tells it."""
    columns = 'SELECT m.name, m.type, c.name, c.type, c."notnull", c.pk FROM sqlite_master m, pragma_table_info(m.name) c'
    if url.startswith("postgresql"):
        columns = (
            "SELECT table_name, column_name, data_type, is_nullable, collation_name FROM information_schema.columns"
            " WHERE table_schema = 'public'"
        )
    indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"
    if url.startswith("sqlite"):
        indexes = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index'"
    with connected(url) as connection:
        rows = [*connection.exec_driver_sql(columns), *connection.exec_driver_sql(indexes)]
    return sorted(tuple(str(cell) for cell in row) for row in rows)


def revision(url: str) -> str:
    with connected(url) as connection:
        return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar())


def filled(url: str) -> None:
    opened = store.open(url)
    opened.append([Event("tidy-otter", RunSubmitted("mine", "pipeline", "p", ""), 1.0)])
    opened.close()


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_the_committed_ddl_is_what_the_models_give(dialect: str) -> None:
    assert ddl.text(dialect) == ddl.generate(dialect)


def test_a_new_database_has_the_tables_of_the_models(url: str) -> None:
    store.open(url).close()
    assert models.RunTable.metadata is SQLModel.metadata
    assert difference(url) == []


def test_the_revisions_from_the_first_on_lead_to_the_same_tables(url: str, tmp_path: Path) -> None:
    store.open(url).close()
    made = tables(url)
    with connected(url) as connection:
        for name in [*SQLModel.metadata.tables, "alembic_version"]:
            connection.exec_driver_sql(f'DROP TABLE "{name}"')
        connection.commit()
    migrate(url, ddl.NOTHING)
    assert (tables(url), difference(url), revision(url)) == (made, [], ddl.HEAD)


def test_the_tables_of_sqlite_lie_in_the_order_of_their_keys_after_a_migration_too(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/kflite.db"
    migrate(url, ddl.NOTHING)
    with sqlite3.connect(tmp_path / "kflite.db") as db:
        found = [name for name, sql in db.execute("SELECT name, sql FROM sqlite_master") if sql and "WITHOUT ROWID" in sql]
        counted = db.execute("SELECT sql FROM sqlite_master WHERE name = 'event'").fetchone()[0]
    db.close()
    assert sorted(found) == ["attempt", "label", "metric", "parameter", "task"]
    assert "AUTOINCREMENT" in counted


def test_an_older_database_is_migrated_when_it_is_opened_and_keeps_what_it_holds(
    url: str, request: pytest.FixtureRequest
) -> None:
    filled(url)
    request.getfixturevalue("next_version")
    opened = store.open(url)
    assert opened.run("tidy-otter").name == "mine"
    opened.close()
    with connected(url) as connection:
        assert connection.exec_driver_sql("SELECT mood FROM run").scalar() == "calm"
    assert revision(url) == "0004"


def test_a_database_of_the_first_schema_finds_its_runs_by_all_that_the_second_one_can(url: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ddl, "HEAD", "0001")
        migrate(url, ddl.NOTHING)
    with connected(url) as connection:
        for run in ("a", "b"):
            given = json.dumps({"c": 0.3, "text": "x" * 600, "big": 10**400, "on": run == "a"})
            options = json.dumps({"labels": {"team": run}} if run == "a" else {})
            cells = (run, "digits", "pipeline", "FAILED", "", "p", "tune", "local", "d", 1.0, "", 0.0, given, "{}", options)
            sql = "INSERT INTO run(run, name, kind, state, reason, pipeline, experiment, place, plan, created, owner, lease,"
            named = [f"'{cell}'" for cell in cells]
            connection.exec_driver_sql(f"{sql} parameters, outputs, options) VALUES({', '.join(named)})")
        connection.commit()
    store.open(url).close()
    assert (difference(url), revision(url)) == ([], ddl.HEAD)
    with connected(url) as connection:
        found = connection.exec_driver_sql("SELECT name, value, number FROM parameter WHERE run = 'a' ORDER BY name")
        assert [(name, len(value), number) for name, value, number in found] == [
            ("big", 401, None),
            ("c", 3, 0.3),
            ("on", 4, None),
            ("text", 500, None),
        ]
        assert list(connection.exec_driver_sql("SELECT run, name, value FROM label")) == [("a", "team", "a")]
        assert list(connection.exec_driver_sql("SELECT name, archived FROM experiment")) == [("tune", None)]


def test_a_migration_that_fails_changes_nothing(url: str, next_version: Path) -> None:
    (next_version / "r0004.py").write_text(NEXT.format(more="op.execute('SELECT nonsense FROM nowhere')"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ddl, "HEAD", "0003")
        filled(url)
        before = tables(url)
    with pytest.raises(StoreError, match=r"from schema 0003 to 0004.*nowhere.*nothing was changed"):
        store.open(url)
    assert (tables(url), revision(url)) == (before, "0003")


@pytest.mark.parametrize("found", ["0099", ""])
def test_a_database_of_a_newer_or_unknown_schema_is_refused_by_name(url: str, found: str) -> None:
    filled(url)
    with connected(url) as connection:
        connection.exec_driver_sql("DELETE FROM alembic_version")
        if found:
            connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{found}')")
        connection.commit()
    known = f"its schema is {found or 'unknown'}, and kflite .* knows those up to {ddl.HEAD}: upgrade kflite"
    with pytest.raises(StoreError, match=known):
        store.open(url)


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as db:
        db.execute("CREATE TABLE run(distance)")
    db.close()
    with pytest.raises(StoreError, match="its schema is unknown"):
        store.open(f"sqlite:///{tmp_path}/other.db")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but long enough to be read as the header of one" * 20)
    with pytest.raises(StoreError, match=r"notes.txt: file is not a database.*KFLITE_STORE"):
        store.open(f"sqlite:///{tmp_path}/notes.txt")


def test_processes_that_open_an_older_database_at_once_migrate_it_once(url: str, request: pytest.FixtureRequest) -> None:
    filled(url)
    request.getfixturevalue("next_version")
    assert _in_processes(_name_of_run, url) == ["mine"] * 4


def test_processes_that_open_a_new_database_at_once_make_it_once(url: str) -> None:
    assert _in_processes(_last, url) == [0] * 4


def _in_processes(what: object, url: str) -> list[object]:
    """What each of four processes gave, that were forked first and let go together."""
    context = multiprocessing.get_context("fork")
    gate, answers = context.Barrier(4), context.SimpleQueue()
    processes = [context.Process(target=_worker, args=(what, url, gate, answers)) for _ in range(4)]
    for process in processes:
        process.start()
    found = [answers.get() for _ in processes]
    for process in processes:
        process.join()
    return found


def _worker(what: object, url: str, gate: object, answers: object) -> None:
    try:
        gate.wait()  # type: ignore[attr-defined]
        found: object = what(url)  # type: ignore[operator]
    except BaseException as error:  # noqa: BLE001  # it is the test's answer
        found = error
    answers.put(found)  # type: ignore[attr-defined]


def _name_of_run(url: str) -> str:
    return store.open(url).run("tidy-otter").name


def _last(url: str) -> int:
    return store.open(url).last_seq()
