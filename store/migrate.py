"""Migration of older databases to the newest schema, by alembic, in one transaction under the writers' lock.

Only imported when a migration is due.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import alembic.command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from kflite import __version__
from kflite.errors import StoreError
from kflite.store import ddl
from kflite.store.address import redacted
from kflite.store.limits import BUSY_S, LOCK

FOLDER = Path(__file__).parent / "migrations"


def migrate(url: str, found: str) -> None:
    """Migrate a database from the revision `found` to the newest. Raises StoreError, also for an unknown revision."""
    name = redacted(url)
    config = _config()
    _check(config, name, found)
    try:
        with _writing(url) as connection:
            config.attributes["connection"] = connection
            alembic.command.upgrade(config, ddl.HEAD)
    except SQLAlchemyError as error:
        cause = " ".join(str(getattr(error, "orig", error)).split())
        problem = f"store {name} cannot be brought from schema {found} to {ddl.HEAD}: {cause}"
        raise StoreError(f"{problem}: nothing was changed; keep a copy of it and report this") from error


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("version_locations", str(ddl.VERSIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    return config


def _check(config: Config, name: str, found: str) -> None:
    try:
        ScriptDirectory.from_config(config).get_revision(found or "unknown")
    except CommandError as error:
        problem = f"its schema is {found or 'unknown'}, and kflite {__version__} knows those up to {ddl.HEAD}"
        raise StoreError(f"store {name}: {problem}: upgrade kflite, or set another store with --store or KFLITE_STORE") from error


@contextmanager
def _writing(url: str) -> Iterator[Connection]:
    """A transaction that excludes other writers. It waits for another process that migrates, which then leaves nothing to do."""
    begin, engine = (_sqlite if url.startswith("sqlite") else _postgres)(url)
    with engine.connect() as connection:
        try:
            for statement in begin:
                connection.exec_driver_sql(statement)
            yield connection
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


def _sqlite(url: str) -> tuple[list[str], Engine]:
    import sqlite3

    path = url.removeprefix("sqlite:///")
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(path, BUSY_S, isolation_level=None), poolclass=NullPool)
    return ["BEGIN IMMEDIATE"], engine


def _postgres(url: str) -> tuple[list[str], Engine]:
    import psycopg

    connect = partial(psycopg.connect, url, autocommit=True)
    engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    return ["BEGIN", f"SELECT pg_advisory_xact_lock({LOCK})"], engine
