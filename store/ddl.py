"""The DDL of a new database, generated from the models: `python -m kflite.store.ddl` writes it to `store/schema/`.

Importing SQLModel takes up to half a second, which would delay a first task; so new databases are made from the text alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.sql.ddl import ExecutableDDLElement

FOLDER = Path(__file__).parent / "schema"

# The revision of the models and the text; migrations in VERSIONS bring older databases to it.
HEAD = "0003"
VERSIONS = Path(__file__).parent / "migrations" / "versions"
# Alembic's name for a database without tables.
NOTHING = "base"
VERSION_TABLE = """CREATE TABLE alembic_version (
  version_num VARCHAR(32) NOT NULL,
  CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)"""


def text(dialect: str) -> str:
    """The committed DDL for `sqlite` or `postgresql`."""
    return (FOLDER / f"{dialect}.sql").read_text("utf-8")


def statements(dialect: str) -> list[str]:
    """The statements of `text`."""
    return text(dialect).removesuffix(";\n").split(";\n")


def generate(dialect: str) -> str:
    """The DDL of the models, with alembic's revision stamp."""
    from sqlalchemy.dialects import registry
    from sqlalchemy.schema import CreateIndex, CreateTable

    from kflite.store.models import RunTable

    tables = RunTable.metadata.tables.values()
    creates = [_compiled(CreateTable(table), registry.load(dialect)()) for table in tables]
    indexes = [_compiled(CreateIndex(index), registry.load(dialect)()) for table in tables for index in table.indexes]
    stamp = f"INSERT INTO alembic_version VALUES ('{HEAD}')"
    return ";\n".join([*sorted(creates), *sorted(indexes), VERSION_TABLE, stamp]) + ";\n"


def _compiled(ddl: ExecutableDDLElement, dialect: Dialect) -> str:
    lines = str(ddl.compile(dialect=dialect)).strip().splitlines()
    return "\n".join(line.rstrip().replace("\t", "  ") for line in lines)


if __name__ == "__main__":
    for name in ("sqlite", "postgresql"):
        (FOLDER / f"{name}.sql").write_text(generate(name), "utf-8")
