"""The catalogue: versions of uploaded pipelines, and experiments, which group runs.

These are names that users give, so they are rows and not events. Each change is one transaction under the writers' lock, so
concurrent uploads get different versions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from threading import RLock
from typing import TypeVar

from kflite.core.frozen import dataclass
from kflite.errors import InputError, NotFound
from kflite.store.cells import Cell
from kflite.store.connection import Connection

T = TypeVar("T")

# Deletes a document that no run and no version of a pipeline uses.
UNUSED_PLAN = (
    'DELETE FROM "plan" WHERE digest = ? AND NOT EXISTS (SELECT 1 FROM run WHERE "plan" = digest)'
    ' AND NOT EXISTS (SELECT 1 FROM version WHERE "plan" = digest)'
)
NEW_PLAN = "INSERT INTO plan(digest, kind, document) VALUES(?, ?, ?) ON CONFLICT(digest) DO NOTHING"
VERSION = 'pipeline, version, position, "plan", description, created, (SELECT count(*) FROM run r WHERE r."plan" = v."plan")'
EXPERIMENT = "name, description, created, archived, (SELECT count(*) FROM run r WHERE r.experiment = e.name)"


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version of a pipeline. position: 1 for the first; plan: its document's digest; runs: how many use this document."""

    pipeline: str
    version: str
    position: int
    plan: str
    description: str
    created: float
    runs: int

    @property
    def title(self) -> str:
        """`PIPELINE@VERSION`."""
        return f"{self.pipeline}@{self.version}"


@dataclass(frozen=True, slots=True)
class ExperimentRow:
    """An experiment. archived: when it, with its runs, was archived; runs: how many it has."""

    name: str
    description: str
    created: float
    archived: float | None
    runs: int


class Catalogue:
    """Pipelines and experiments of a store. Raises StoreError, NotFound, InputError."""

    def __init__(self, connection: Connection, lock: RLock) -> None:
        self._connection, self._lock = connection, lock

    def _rows(self, make: Callable[..., T], sql: str, values: Iterable[Cell] = ()) -> list[T]:
        with self._lock:
            return [make(*row) for row in self._connection.rows(sql, values)]

    # Pipelines.

    def upload(self, pipeline: str, version: str, plan: tuple[str, str], description: str, at: float) -> tuple[VersionRow, bool]:
        """Store a plan (digest, document) as the newest version, named like `v3` by default; returns it, and whether it is new.

        A document that the pipeline has already keeps its version. Raises InputError if that has another name than the one
        given, or if another document has this name.
        """
        digest, document = plan
        with self._lock, self._connection.writing():
            existing = self.versions(pipeline)
            if same := next((row for row in existing if row.plan == digest), None):
                if version not in ("", same.version):
                    raise InputError(f"{same.title} is this very document: nothing was uploaded as {version}")
                return same, False
            names, position = {row.version for row in existing}, max((row.position for row in existing), default=0) + 1
            if version in names:
                raise InputError(f"{pipeline}@{version} is there, and is another document: give another --version")
            name = version or next(f"v{n}" for n in range(position, position + len(names) + 1) if f"v{n}" not in names)
            self._connection.execute(NEW_PLAN, (digest, "pipeline", document))
            sql = 'INSERT INTO version(pipeline, version, position, "plan", description, created) VALUES(?, ?, ?, ?, ?, ?)'
            self._connection.execute(sql, (pipeline, name, position, digest, description, at))
            return self.version(pipeline, name), True

    def versions(self, pipeline: str = "") -> list[VersionRow]:
        """All versions of one pipeline or of all, by pipeline, the newest first."""
        where = "WHERE pipeline = ?" if pipeline else ""
        sql = f"SELECT {VERSION} FROM version v {where} ORDER BY pipeline, position DESC"
        return self._rows(VersionRow, sql, (pipeline,) if pipeline else ())

    def version(self, pipeline: str, version: str = "") -> VersionRow:
        """This version, by default the newest. Raises NotFound."""
        existing = self.versions(pipeline)
        if not existing:
            names = self._rows(str, "SELECT DISTINCT pipeline FROM version ORDER BY pipeline")
            raise NotFound(f"there is no pipeline {pipeline!r}: {_near(pipeline, names, 'kflite pipelines upload')}")
        matching = [row for row in existing if row.version == version] if version else existing
        if not matching:
            raise NotFound(f"pipeline {pipeline} has no version {version!r}: {_near(version, [row.version for row in existing])}")
        return matching[0]

    def remove(self, pipeline: str, version: str = "") -> list[VersionRow]:
        """Remove a version, or all of them, and return them; runs keep their documents. Raises NotFound."""
        with self._lock, self._connection.writing():
            version_row = self.version(pipeline, version)
            rows = [version_row] if version else self.versions(pipeline)
            for row in rows:
                self._connection.execute("DELETE FROM version WHERE pipeline = ? AND version = ?", (row.pipeline, row.version))
                self._connection.execute(UNUSED_PLAN, (row.plan,))
        return rows

    # Experiments.

    def create(self, name: str, description: str, at: float) -> ExperimentRow:
        """Create an experiment. Raises InputError if the name is taken."""
        with self._lock, self._connection.writing():
            if self._named(name):
                raise InputError(f"experiment {name!r} is there already: kflite experiments show {name!r}")
            sql = "INSERT INTO experiment(name, description, created, archived) VALUES(?, ?, ?, NULL)"
            self._connection.execute(sql, (name, description, at))
        return self.experiment(name)

    def _named(self, name: str) -> list[ExperimentRow]:
        return self._rows(ExperimentRow, f"SELECT {EXPERIMENT} FROM experiment e WHERE name = ?", (name,))

    def experiments(self, archived: bool | None = False) -> list[ExperimentRow]:
        """Experiments, the newest first. archived: whether archived, None for both."""
        where = {None: "", True: "WHERE archived IS NOT NULL", False: "WHERE archived IS NULL"}[archived]
        return self._rows(ExperimentRow, f"SELECT {EXPERIMENT} FROM experiment e {where} ORDER BY created DESC, name")

    def experiment(self, name: str) -> ExperimentRow:
        """The experiment of this name. Raises NotFound."""
        if rows := self._named(name):
            return rows[0]
        existing = [row.name for row in self.experiments(None)]
        raise NotFound(f"there is no experiment {name!r}: {_near(name, existing, 'kflite experiments create')}")

    def states(self, name: str) -> Mapping[str, int]:
        """The number of the experiment's runs in each state."""
        sql = "SELECT state, count(*) FROM run WHERE experiment = ? GROUP BY state ORDER BY state"
        return dict(self._rows(lambda state, count: (str(state), int(count)), sql, (name,)))

    def archive(self, name: str, at: float | None) -> ExperimentRow:
        """Archive an experiment, or bring it back with None; this hides or lists its runs, too. Raises NotFound."""
        with self._lock, self._connection.writing():
            experiment = self.experiment(name)
            archived = at if at is None or experiment.archived is None else experiment.archived
            self._connection.execute("UPDATE experiment SET archived = ? WHERE name = ?", (archived, name))
        return self.experiment(name)

    def drop(self, name: str) -> None:
        """Delete an experiment. Raises NotFound, and InputError while it has runs."""
        with self._lock, self._connection.writing():
            if runs := self.experiment(name).runs:
                raise InputError(f"experiment {name!r} has {runs} run{'s' * (runs > 1)}: remove them with it by --runs")
            self._connection.execute("DELETE FROM experiment WHERE name = ?", (name,))


def _near(name: str, existing: list[str], make: str = "") -> str:
    from kflite.ir.names import suggestion

    return suggestion(name, existing) if existing or not make else f"there is none yet, {make} makes one"
