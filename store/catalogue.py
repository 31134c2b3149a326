"""The catalogue: pipelines that were uploaded, by version, and experiments, which runs are grouped by.

Events say what happened to runs; these are names that users give, so they are rows of their own. Each change is one transaction
under the writers' lock, which looks first: of several uploads at once each gets a version of its own, or is told of the other's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import RLock
from typing import TypeVar

from kflite.errors import InputError, NotFound
from kflite.store.cells import Cell
from kflite.store.connection import Connection

T = TypeVar("T")

# A document that no run and no version of a pipeline has any more.
UNUSED_PLAN = (
    'DELETE FROM "plan" WHERE digest = ? AND NOT EXISTS (SELECT 1 FROM run WHERE "plan" = digest)'
    ' AND NOT EXISTS (SELECT 1 FROM version WHERE "plan" = digest)'
)
NEW_PLAN = "INSERT INTO plan(digest, kind, document) VALUES(?, ?, ?) ON CONFLICT(digest) DO NOTHING"
VERSION = 'pipeline, version, position, "plan", description, created, (SELECT count(*) FROM run r WHERE r."plan" = v."plan")'
EXPERIMENT = "name, description, created, archived, (SELECT count(*) FROM run r WHERE r.experiment = e.name)"


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version of a pipeline. position: 1 for the first; plan: its document's digest; runs: how many have this document."""

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
    """An experiment. archived: since when it is, and its runs with it; runs: how many it has."""

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

    def upload(self, pipeline: str, version: str, plan: tuple[str, str], described: str, at: float) -> tuple[VersionRow, bool]:
        """Keep a plan (digest, document) as the newest version, `v3` where no name is given; returns it, and whether it is new.

        A document that the pipeline has already stays the version that it is. Raises InputError where that has another name than
        the one given, and for a name that another document has.
        """
        digest, document = plan
        with self._lock, self._connection.writing():
            known = self.versions(pipeline)
            if same := next((row for row in known if row.plan == digest), None):
                if version not in ("", same.version):
                    raise InputError(f"{same.title} is this very document: nothing was uploaded as {version}")
                return same, False
            names, position = {row.version for row in known}, max((row.position for row in known), default=0) + 1
            if version in names:
                raise InputError(f"{pipeline}@{version} is there, and is another document: give another --version")
            name = version or next(f"v{n}" for n in range(position, position + len(names) + 1) if f"v{n}" not in names)
            self._connection.execute(NEW_PLAN, (digest, "pipeline", document))
            sql = 'INSERT INTO version(pipeline, version, position, "plan", description, created) VALUES(?, ?, ?, ?, ?, ?)'
            self._connection.execute(sql, (pipeline, name, position, digest, described, at))
            return self.version(pipeline, name), True

    def versions(self, pipeline: str = "") -> list[VersionRow]:
        """All versions of a pipeline, or of all pipelines, by name, the newest first."""
        where = "WHERE pipeline = ?" if pipeline else ""
        sql = f"SELECT {VERSION} FROM version v {where} ORDER BY pipeline, position DESC"
        return self._rows(VersionRow, sql, (pipeline,) if pipeline else ())

    def version(self, pipeline: str, version: str = "") -> VersionRow:
        """This version; the newest where none is named. Raises NotFound."""
        known = self.versions(pipeline)
        if not known:
            names = self._rows(str, "SELECT DISTINCT pipeline FROM version ORDER BY pipeline")
            raise NotFound(f"there is no pipeline {pipeline!r}: {_near(pipeline, names, 'kflite pipelines upload')}")
        found = [row for row in known if row.version == version] if version else known
        if not found:
            raise NotFound(f"pipeline {pipeline} has no version {version!r}: {_near(version, [row.version for row in known])}")
        return found[0]

    def remove(self, pipeline: str, version: str = "") -> list[VersionRow]:
        """Remove a version, or all of them; runs keep the documents that they have. Returns what was removed. Raises NotFound."""
        with self._lock, self._connection.writing():
            found = self.version(pipeline, version)
            rows = [found] if version else self.versions(pipeline)
            for row in rows:
                self._connection.execute("DELETE FROM version WHERE pipeline = ? AND version = ?", (row.pipeline, row.version))
                self._connection.execute(UNUSED_PLAN, (row.plan,))
        return rows

    # Experiments.

    def create(self, name: str, description: str, at: float) -> ExperimentRow:
        """A new experiment. Raises InputError where there is one of this name."""
        with self._lock, self._connection.writing():
            if self._named(name):
                raise InputError(f"experiment {name!r} is there already: kflite experiments show {name!r}")
            sql = "INSERT INTO experiment(name, description, created, archived) VALUES(?, ?, ?, NULL)"
            self._connection.execute(sql, (name, description, at))
        return self.experiment(name)

    def _named(self, name: str) -> list[ExperimentRow]:
        return self._rows(ExperimentRow, f"SELECT {EXPERIMENT} FROM experiment e WHERE name = ?", (name,))

    def experiments(self, archived: bool | None = False) -> list[ExperimentRow]:
        """All, the newest first. archived: only those, None: these too."""
        where = {None: "", True: "WHERE archived IS NOT NULL", False: "WHERE archived IS NULL"}[archived]
        return self._rows(ExperimentRow, f"SELECT {EXPERIMENT} FROM experiment e {where} ORDER BY created DESC, name")

    def experiment(self, name: str) -> ExperimentRow:
        """The experiment of this name. Raises NotFound."""
        if found := self._named(name):
            return found[0]
        known = [row.name for row in self.experiments(None)]
        raise NotFound(f"there is no experiment {name!r}: {_near(name, known, 'kflite experiments create')}")

    def states(self, name: str) -> Mapping[str, int]:
        """How many runs of the experiment are in each state."""
        sql = "SELECT state, count(*) FROM run WHERE experiment = ? GROUP BY state ORDER BY state"
        return dict(self._rows(lambda state, count: (str(state), int(count)), sql, (name,)))

    def archive(self, name: str, at: float | None) -> ExperimentRow:
        """Archive an experiment, or with None bring it back; its runs are listed, or not, as it is. Raises NotFound."""
        with self._lock, self._connection.writing():
            found = self.experiment(name)
            since = at if at is None or found.archived is None else found.archived
            self._connection.execute("UPDATE experiment SET archived = ? WHERE name = ?", (since, name))
        return self.experiment(name)

    def drop(self, name: str) -> None:
        """Remove an experiment. Raises NotFound, and InputError while it has runs."""
        with self._lock, self._connection.writing():
            if runs := self.experiment(name).runs:
                raise InputError(f"experiment {name!r} has {runs} run{'s' * (runs > 1)}: remove them with it by --runs")
            self._connection.execute("DELETE FROM experiment WHERE name = ?", (name,))


def _near(name: str, known: list[str], make: str = "") -> str:
    from kflite.ir.names import suggestion

    return suggestion(name, known) if known or not make else f"there is none yet, {make} makes one"
