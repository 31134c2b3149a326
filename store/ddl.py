"""The DDL of a new database, as text made from the models: `python -m kflite.store.ddl` writes it to `store/schema/`.

SQLModel takes up to half a second to import, which a first task has not got; a new database is made from the text alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.sql.ddl import ExecutableDDLElement

FOLDER = Path(__file__).parent / "schema"

# The revision that the models and the text are at; an older database is brought to it by those in VERSIONS.
HEAD = "0003"
VERSIONS = Path(__file__).parent / "migrations" / "versions"
# What migrations call a database that has no tables yet.
NOTHING = "base"
VERSION_TABLE = """CREATE TABLE alembic_version (
  version_num VARCHAR(32) NOT NULL,
  CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)"""


def text(dialect: str) -> str:
    """The committed DDL for `sqlite` or `postgresql`."""
    return (FOLDER / f"{dialect}.sql").read_text("utf-8")


def statements(dialect: str) -> list[str]:
    """The same, one by one."""
    return text(dialect).removesuffix(";\n").split(";\n")


def generate(dialect: str) -> str:
    """The DDL that the models give, with the revision stamped as alembic does it."""
    from sqlalchemy.dialects import registry
    from sqlalchemy.schema import CreateIndex, CreateTable

    from kflite.store.models import RunTable

    tables = RunTable.metadata.tables.values()
    made = [_compiled(CreateTable(table), registry.load(dialect)()) for table in tables]
    found = [_compiled(CreateIndex(index), registry.load(dialect)()) for table in tables for index in table.indexes]
    return ";\n".join([*sorted(made), *sorted(found), VERSION_TABLE, f"INSERT INTO alembic_version VALUES ('{HEAD}')"]) + ";\n"


def _compiled(ddl: ExecutableDDLElement, dialect: Dialect) -> str:
    lines = str(ddl.compile(dialect=dialect)).strip().splitlines()
    return "\n".join(line.rstrip().replace("\t", "  ") for line in lines)


if __name__ == "__main__":
    for name in ("sqlite", "postgresql"):
        (FOLDER / f"{name}.sql").write_text(generate(name), "utf-8")
