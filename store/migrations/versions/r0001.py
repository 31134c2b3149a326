"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REAL = sa.Float(precision=53)


def upgrade() -> None:
    """Make all tables."""
    _artifact()
    _attempt()
    _cache()
    _event()
    _metric()
    _plan()
    _run()
    _task()


def _artifact() -> None:
    op.create_table(
        "artifact",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("run", TEXT, nullable=False),
        sa.Column("task", TEXT, nullable=False),
        sa.Column("output", TEXT, nullable=False),
        sa.Column("created", REAL, nullable=False),
        sa.Column("uri", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("artifact_by_age", "artifact", ["created"])
    op.create_index("artifact_by_uri", "artifact", ["uri"])
    op.create_index("artifact_of_run", "artifact", ["run"])


def _attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("run", TEXT, nullable=False),
        sa.Column("task", TEXT, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("executor", TEXT, nullable=False),
        sa.Column("ref", TEXT, nullable=False),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("message", TEXT, nullable=False),
        sa.Column("started", REAL, nullable=False),
        sa.Column("ended", REAL, nullable=True),
        sa.PrimaryKeyConstraint("run", "task", "attempt"),
        sqlite_with_rowid=False,
    )


def _cache() -> None:
    op.create_table(
        "cache",
        sa.Column("cache_key", TEXT, nullable=False),
        sa.Column("run", TEXT, nullable=False),
        sa.Column("task", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("pipeline", TEXT, nullable=False),
        sa.Column("created", REAL, nullable=False),
        sa.Column("expires", REAL, nullable=True),
        sa.Column("material", TEXT, nullable=False),
        sa.Column("outputs", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("cache_key"),
    )
    op.create_index("cache_by_age", "cache", ["created"])
    op.create_index("cache_by_title", "cache", ["pipeline", "title", "created"])
    op.create_index("cache_of_run", "cache", ["run"])


def _event() -> None:
    op.create_table(
        "event",
        sa.Column("seq", NUMBER, autoincrement=True, nullable=False),
        sa.Column("run", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("at", REAL, nullable=False),
        sa.Column("task", TEXT, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("data", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "event_asking",
        "event",
        ["seq"],
        sqlite_where=sa.text("kind = 'run.cancel'"),
        postgresql_where=sa.text("kind = 'run.cancel'"),
    )
    op.create_index("event_of_run", "event", ["run", "seq"])


def _metric() -> None:
    op.create_table(
        "metric",
        sa.Column("run", TEXT, nullable=False),
        sa.Column("task", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", REAL, nullable=False),
        sa.PrimaryKeyConstraint("run", "task", "name"),
        sqlite_with_rowid=False,
    )


def _plan() -> None:
    op.create_table(
        "plan",
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )


def _run() -> None:
    op.create_table(
        "run",
        sa.Column("run", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("pipeline", TEXT, nullable=False),
        sa.Column("experiment", TEXT, nullable=False),
        sa.Column("place", TEXT, nullable=False),
        sa.Column("plan", TEXT, nullable=False),
        sa.Column("created", REAL, nullable=False),
        sa.Column("started", REAL, nullable=True),
        sa.Column("ended", REAL, nullable=True),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("lease", REAL, nullable=False),
        sa.Column("parameters", TEXT, nullable=False),
        sa.Column("outputs", TEXT, nullable=False),
        sa.Column("options", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("run"),
    )
    op.create_index("run_by_age", "run", ["created"])
    op.create_index("run_by_experiment", "run", ["experiment", "created"])
    op.create_index("run_by_state", "run", ["state", "created"])


def _task() -> None:
    op.create_table(
        "task",
        sa.Column("run", TEXT, nullable=False),
        sa.Column("task", TEXT, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("message", TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("executor", TEXT, nullable=False),
        sa.Column("queued", REAL, nullable=False),
        sa.Column("started", REAL, nullable=True),
        sa.Column("ended", REAL, nullable=True),
        sa.Column("is_group", sa.Boolean(), nullable=False),
        sa.Column("cache_key", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("parameters", TEXT, nullable=False),
        sa.Column("inputs", TEXT, nullable=False),
        sa.Column("outputs", TEXT, nullable=False),
        sa.Column("artifacts", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("run", "task"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "task_by_source", "task", ["source"], sqlite_where=sa.text("source != ''"), postgresql_where=sa.text("source != ''")
    )
