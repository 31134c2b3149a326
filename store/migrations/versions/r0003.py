"""Events as their dataclasses write them, points of metrics, profiles of runs, and columns by their new names."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REAL = sa.Float(precision=53)
AT_ONCE = 1000

Data = dict[str, object]


def upgrade() -> None:
    """Rename, make the table, and write the events anew."""
    op.execute("ALTER TABLE run RENAME COLUMN place TO target")
    op.execute("ALTER TABLE cache RENAME COLUMN material TO key_parts")
    op.add_column("run", sa.Column("profile", TEXT, nullable=False, server_default=""))
    _point()
    for kind, rewritten in REWRITTEN.items():
        _rewrite(kind, rewritten)
    op.execute("UPDATE event SET kind = 'task.waiting' WHERE kind = 'task.noted'")
    for table in ("run", "plan"):
        op.execute(f"UPDATE {table} SET kind = 'tuning' WHERE kind = 'experiment'")


def _point() -> None:
    op.create_table(
        "point",
        sa.Column("position", SERIAL, nullable=False, autoincrement=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("run", TEXT, nullable=False),
        sa.Column("task", TEXT, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("replica", sa.Integer(), nullable=False),
        sa.Column("metric", TEXT, nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("at", REAL, nullable=False),
        sa.Column("value", REAL, nullable=True),
        sa.PrimaryKeyConstraint("position"),
        sqlite_autoincrement=True,
    )
    op.create_index("point_by_metric", "point", ["run", "task", "metric", "position"])
    op.create_index("point_of_run", "point", ["run", "position"])


def _rewrite(kind: str, rewritten: Callable[[Data], Data]) -> None:
    """Write the data of all events of a kind anew, where that changes it."""
    connection, last = op.get_bind(), 0
    page = sa.text("SELECT seq, data FROM event WHERE kind = :kind AND seq > :last ORDER BY seq LIMIT :most")
    while found := connection.execute(page, {"kind": kind, "last": last, "most": AT_ONCE}).all():
        last = found[-1][0]
        read = [(seq, data, json.dumps(rewritten(json.loads(data)), separators=(",", ":"))) for seq, data in found]
        if new := [{"seq": seq, "data": text} for seq, data, text in read if text != data]:
            connection.execute(sa.text("UPDATE event SET data = :data WHERE seq = :seq"), new)


def _renamed(names: Mapping[str, str]) -> Callable[[Data], Data]:
    return lambda data: {names.get(name, name): value for name, value in data.items()}


def _ended(data: Data) -> Data:
    """What a task made is one part."""
    outputs = {name: data.pop(name) for name in ("parameters", "artifacts") if name in data}
    data = {("key_parts" if name == "material" else name): value for name, value in data.items() if name != "again"}
    return data | ({"outputs": outputs} if outputs else {})


def _submitted(data: Data) -> Data:
    """A search for parameters is a tuning; an experiment is a group of runs."""
    return data | ({"kind": "tuning"} if data.get("kind") == "experiment" else {})


REWRITTEN: Mapping[str, Callable[[Data], Data]] = {
    "run.submitted": _submitted,
    "task.queued": _renamed({"again": "rerun", "material": "key_parts"}),
    "task.skipped": _renamed({"again": "rerun"}),
    "task.stopping": _renamed({"within": "group"}),
    "task.retrying": _renamed({"delay": "delay_s"}),
    "task.succeeded": _ended,
    "task.failed": _ended,
    "task.cancelled": _ended,
}
