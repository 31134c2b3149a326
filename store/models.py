"""The tables. The DDL in `store/schema/` and the result of migrations follow from these classes.

kflite does not import this module at run time, as importing SQLModel takes up to half a second, which would delay a first task.
So the statements in `store/` are plain SQL, the DDL of a new database is committed text, and tests compare both with them.

JSON texts are compact. Times are Unix seconds. Texts sort by their bytes, on PostgreSQL too, so that a prefix of a name is a
range of an index.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel


def _text(key: bool = False, default: str | None = None) -> Column[str]:
    form = Text().with_variant(Text(collation="C"), "postgresql")
    return Column(form, primary_key=key, nullable=False, server_default=None if default is None else text(f"'{default}'"))


def _serial() -> Column[int]:
    return Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)


def _real(optional: bool = False) -> Column[float]:
    return Column(Float(53), nullable=optional)


def _number(key: bool = False) -> Column[int]:
    return Column(Integer, primary_key=key, nullable=False)


def _some(name: str, *columns: str, where: str) -> Index:
    """A partial index, which costs nothing for writers of other rows."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


# Rows in the order of their key: SQLite then writes one tree only, and a run's rows are adjacent.
CLUSTERED = {"sqlite_with_rowid": False}


class EventTable(SQLModel, table=True):
    """Events in the order of storing. data: JSON."""

    __tablename__ = "event"
    __table_args__ = (
        Index("event_of_run", "run", "seq"),
        _some("event_asking", "seq", where="kind = 'run.cancel'"),
        {"sqlite_autoincrement": True},
    )
    seq: int = Field(sa_column=_serial())
    run: str = Field(sa_column=_text())
    kind: str = Field(sa_column=_text())
    at: float = Field(sa_column=_real())
    task: str = Field(sa_column=_text())
    attempt: int = Field(sa_column=_number())
    data: str = Field(sa_column=_text())


class RunTable(SQLModel, table=True):
    """A run. lease: until when `owner` holds it; archived: when it was archived. parameters, outputs, options: JSON."""

    __tablename__ = "run"
    __table_args__ = (
        Index("run_by_age", "created"),
        Index("run_by_experiment", "experiment", "created"),
        Index("run_by_plan", "plan"),
        Index("run_by_state", "state", "created"),
    )
    run: str = Field(sa_column=_text(key=True))
    name: str = Field(sa_column=_text())
    kind: str = Field(sa_column=_text())
    state: str = Field(sa_column=_text())
    reason: str = Field(sa_column=_text())
    pipeline: str = Field(sa_column=_text())
    experiment: str = Field(sa_column=_text())
    target: str = Field(sa_column=_text())
    plan: str = Field(sa_column=_text())
    created: float = Field(sa_column=_real())
    started: float | None = Field(sa_column=_real(optional=True))
    ended: float | None = Field(sa_column=_real(optional=True))
    owner: str = Field(sa_column=_text())
    lease: float = Field(sa_column=_real())
    parameters: str = Field(sa_column=_text())
    outputs: str = Field(sa_column=_text())
    options: str = Field(sa_column=_text())
    archived: float | None = Field(sa_column=_real(optional=True))
    profile: str = Field(sa_column=_text(default=""))


class ParameterTable(SQLModel, table=True):
    """A parameter of a run, for searches. value: its beginning as text; number: its number, if it is one."""

    __tablename__ = "parameter"
    __table_args__ = (
        Index("parameter_by_value", "name", "value"),
        _some("parameter_by_number", "name", "number", where="number IS NOT NULL"),
        CLUSTERED,
    )
    run: str = Field(sa_column=_text(key=True))
    name: str = Field(sa_column=_text(key=True))
    value: str = Field(sa_column=_text())
    number: float | None = Field(sa_column=_real(optional=True))


class LabelTable(SQLModel, table=True):
    """A label of a run."""

    __tablename__ = "label"
    __table_args__ = (Index("label_by_value", "name", "value"), CLUSTERED)
    run: str = Field(sa_column=_text(key=True))
    name: str = Field(sa_column=_text(key=True))
    value: str = Field(sa_column=_text())


class TaskTable(SQLModel, table=True):
    """A task or group of a run. position: the number of its first event. parameters, inputs, outputs, artifacts: JSON."""

    __tablename__ = "task"
    __table_args__ = (_some("task_by_source", "source", where="source != ''"), CLUSTERED)
    run: str = Field(sa_column=_text(key=True))
    task: str = Field(sa_column=_text(key=True))
    position: int = Field(sa_column=Column(BigInteger, nullable=False))
    title: str = Field(sa_column=_text())
    state: str = Field(sa_column=_text())
    reason: str = Field(sa_column=_text())
    message: str = Field(sa_column=_text())
    attempts: int = Field(sa_column=_number())
    executor: str = Field(sa_column=_text())
    queued: float = Field(sa_column=_real())
    started: float | None = Field(sa_column=_real(optional=True))
    ended: float | None = Field(sa_column=_real(optional=True))
    is_group: bool = Field(sa_column=Column(Boolean, nullable=False))
    cache_key: str = Field(sa_column=_text())
    source: str = Field(sa_column=_text())
    parameters: str = Field(sa_column=_text())
    inputs: str = Field(sa_column=_text())
    outputs: str = Field(sa_column=_text())
    artifacts: str = Field(sa_column=_text())


class AttemptTable(SQLModel, table=True):
    """One attempt at a task."""

    __tablename__ = "attempt"
    __table_args__ = CLUSTERED
    run: str = Field(sa_column=_text(key=True))
    task: str = Field(sa_column=_text(key=True))
    attempt: int = Field(sa_column=_number(key=True))
    state: str = Field(sa_column=_text())
    executor: str = Field(sa_column=_text())
    ref: str = Field(sa_column=_text())
    code: int | None = Field(sa_column=Column(Integer, nullable=True))
    reason: str = Field(sa_column=_text())
    message: str = Field(sa_column=_text())
    started: float = Field(sa_column=_real())
    ended: float | None = Field(sa_column=_real(optional=True))


class ArtifactTable(SQLModel, table=True):
    """An artifact that a task made. document: JSON, as `Artifact.as_json` writes it."""

    __tablename__ = "artifact"
    __table_args__ = (Index("artifact_of_run", "run"), Index("artifact_by_age", "created"), Index("artifact_by_uri", "uri"))
    id: str = Field(sa_column=_text(key=True))
    run: str = Field(sa_column=_text())
    task: str = Field(sa_column=_text())
    output: str = Field(sa_column=_text())
    created: float = Field(sa_column=_real())
    uri: str = Field(sa_column=_text())
    document: str = Field(sa_column=_text())


class MetricTable(SQLModel, table=True):
    """A number that a task returned: an output parameter, or an entry of a metrics artifact."""

    __tablename__ = "metric"
    __table_args__ = (Index("metric_by_value", "name", "value"), CLUSTERED)
    run: str = Field(sa_column=_text(key=True))
    task: str = Field(sa_column=_text(key=True))
    name: str = Field(sa_column=_text(key=True))
    value: float = Field(sa_column=_real())


class PointTable(SQLModel, table=True):
    """A value of a metric at a step. seq: of the last event before or with it; value: NULL for NaN."""

    __tablename__ = "point"
    __table_args__ = (
        Index("point_of_run", "run", "position"),
        Index("point_by_metric", "run", "task", "metric", "position"),
        {"sqlite_autoincrement": True},
    )
    position: int = Field(sa_column=_serial())
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    run: str = Field(sa_column=_text())
    task: str = Field(sa_column=_text())
    attempt: int = Field(sa_column=_number())
    replica: int = Field(sa_column=_number())
    metric: str = Field(sa_column=_text())
    step: int = Field(sa_column=Column(BigInteger, nullable=False))
    at: float = Field(sa_column=_real())
    value: float | None = Field(sa_column=_real(optional=True))


class CacheTable(SQLModel, table=True):
    """The newest result with this key. key_parts, outputs: JSON."""

    __tablename__ = "cache"
    __table_args__ = (
        Index("cache_by_age", "created"),
        Index("cache_by_title", "pipeline", "title", "created"),
        Index("cache_of_run", "run"),
    )
    cache_key: str = Field(sa_column=_text(key=True))
    run: str = Field(sa_column=_text())
    task: str = Field(sa_column=_text())
    title: str = Field(sa_column=_text())
    pipeline: str = Field(sa_column=_text())
    created: float = Field(sa_column=_real())
    expires: float | None = Field(sa_column=_real(optional=True))
    key_parts: str = Field(sa_column=_text())
    outputs: str = Field(sa_column=_text())


class PlanTable(SQLModel, table=True):
    """A plan's document by its digest, shared by all its runs."""

    __tablename__ = "plan"
    digest: str = Field(sa_column=_text(key=True))
    kind: str = Field(sa_column=_text())
    document: str = Field(sa_column=_text())


class VersionTable(SQLModel, table=True):
    """A version of an uploaded pipeline. position: in the order of its uploads; plan: its document's digest."""

    __tablename__ = "version"
    __table_args__ = (Index("version_by_plan", "plan"), UniqueConstraint("pipeline", "position"))
    pipeline: str = Field(sa_column=_text(key=True))
    version: str = Field(sa_column=_text(key=True))
    position: int = Field(sa_column=_number())
    plan: str = Field(sa_column=_text())
    description: str = Field(sa_column=_text())
    created: float = Field(sa_column=_real())


class ExperimentTable(SQLModel, table=True):
    """A name for a group of runs. archived: when it, with its runs, was archived."""

    __tablename__ = "experiment"
    name: str = Field(sa_column=_text(key=True))
    description: str = Field(sa_column=_text())
    created: float = Field(sa_column=_real())
    archived: float | None = Field(sa_column=_real(optional=True))
