"""What runs are found by (parameters, labels, metrics, archived), pipelines that are uploaded, and experiments."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
REAL = sa.Float(precision=53)
LONGEST = 500
AT_ONCE = 1000


def upgrade() -> None:
    """Make the tables, and fill them from the runs that are there."""
    op.add_column("run", sa.Column("archived", REAL, nullable=True))
    op.create_index("run_by_plan", "run", ["plan"])
    op.create_index("metric_by_value", "metric", ["name", "value"])
    parameter, label, experiment = _parameter(), _label(), _experiment()
    _version()
    connection = op.get_bind()
    runs = connection.execute(sa.text("SELECT run, parameters, options FROM run")).all()
    for start in range(0, len(runs), AT_ONCE):
        part = [(run, json.loads(parameters), json.loads(options)) for run, parameters, options in runs[start : start + AT_ONCE]]
        _insert(parameter, (_found(run, name, value) for run, given, _ in part for name, value in given.items()))
        _insert(label, (_labelled(run, *item) for run, _, options in part for item in (options.get("labels") or {}).items()))
    named = "SELECT experiment AS name, min(created) AS created FROM run WHERE experiment != '' GROUP BY experiment"
    _insert(experiment, ({**row._mapping, "description": ""} for row in connection.execute(sa.text(named)).all()))  # noqa: SLF001


def _insert(table: sa.Table, rows: Iterable[dict[str, object]]) -> None:
    if found := list(rows):
        op.bulk_insert(table, found)


def _found(run: str, name: str, value: object) -> dict[str, object]:
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) and _fits(value) else None
    shown = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return {"run": run, "name": _clean(name), "value": _clean(shown)[:LONGEST], "number": number}


def _fits(value: float) -> bool:
    return abs(value) <= sys.float_info.max


def _labelled(run: str, name: str, value: object) -> dict[str, object]:
    return {"run": run, "name": _clean(name), "value": _clean(str(value))}


def _clean(text: str) -> str:
    return text.encode(errors="replace").decode().replace("\0", "\ufffd")


def _parameter() -> sa.Table:
    table = op.create_table(
        "parameter",
        sa.Column("run", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("number", REAL, nullable=True),
        sa.PrimaryKeyConstraint("run", "name"),
        sqlite_with_rowid=False,
    )
    op.create_index("parameter_by_value", "parameter", ["name", "value"])
    some = sa.text("number IS NOT NULL")
    op.create_index("parameter_by_number", "parameter", ["name", "number"], sqlite_where=some, postgresql_where=some)
    return table


def _label() -> sa.Table:
    table = op.create_table(
        "label",
        sa.Column("run", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("run", "name"),
        sqlite_with_rowid=False,
    )
    op.create_index("label_by_value", "label", ["name", "value"])
    return table


def _version() -> None:
    op.create_table(
        "version",
        sa.Column("pipeline", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("plan", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("created", REAL, nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "version"),
        sa.UniqueConstraint("pipeline", "position"),
    )
    op.create_index("version_by_plan", "version", ["plan"])


def _experiment() -> sa.Table:
    return op.create_table(
        "experiment",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("created", REAL, nullable=False),
        sa.Column("archived", REAL, nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
