"""The DDL of a new database, as text made from the models: `python -m kflite.store.ddl` writes it to `store/schema/`.

SQLModel takes up to half a second to import, which a first task has not got; a new database is made from the text alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.engine.mock import MockConnection
    from sqlalchemy.sql.ddl import ExecutableDDLElement

FOLDER = Path(__file__).parent / "schema"

# The revision that the models and the text are at; an older database is migrated to it (store/migrations).
HEAD = "0001"


def text(dialect: str) -> str:
    """The committed DDL for `sqlite` or `postgresql`."""
    return (FOLDER / f"{dialect}.sql").read_text("utf-8")


def generate(dialect: str) -> str:
    """The DDL that the models give, with the revision stamped as alembic does it."""
    from sqlalchemy import create_mock_engine
    from sqlmodel import SQLModel

    from kflite.store import models

    assert models.RunTable.metadata is SQLModel.metadata
    statements: list[str] = []
    engine = create_mock_engine(f"{dialect}://", lambda ddl, *_, **__: statements.append(_compiled(ddl, engine)))
    SQLModel.metadata.create_all(engine, checkfirst=False)
    statements.sort(key=lambda ddl: (not ddl.startswith("CREATE TABLE"), ddl))
    statements.append("CREATE TABLE alembic_version (\n  version_num VARCHAR(32) NOT NULL PRIMARY KEY\n)")
    statements.append(f"INSERT INTO alembic_version VALUES ('{HEAD}')")
    return ";\n".join(statements) + ";\n"


def _compiled(ddl: ExecutableDDLElement, engine: MockConnection) -> str:
    lines = str(ddl.compile(dialect=engine.dialect)).strip().splitlines()
    return "\n".join(line.rstrip().replace("\t", "  ") for line in lines)


if __name__ == "__main__":
    for name in ("sqlite", "postgresql"):
        (FOLDER / f"{name}.sql").write_text(generate(name), "utf-8")
