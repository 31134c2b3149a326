"""The store's protocols and rows. All methods block; callers run them in a thread."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Protocol

from kflite.core.event import Event, Point
from kflite.core.event_kind import State
from kflite.core.frozen import dataclass
from kflite.core.value import Artifact, Value


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as listed. Times are Unix seconds; owner: the scheduler that holds its lease, "" for none."""

    run: str
    name: str
    kind: str
    state: State
    reason: str
    pipeline: str
    experiment: str
    on: str
    plan: str
    created: float
    started: float | None
    ended: float | None
    owner: str
    parameters: Mapping[str, Value] = field(default_factory=dict)
    outputs: Mapping[str, Value] = field(default_factory=dict)  # Outputs.as_json()
    options: Mapping[str, Value] = field(default_factory=dict)
    archived: float | None = None  # when it was archived
    profile: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task (or, with `group`, a sub-DAG or loop) of a run."""

    run: str
    task: str
    title: str
    state: State
    reason: str
    message: str
    attempts: int
    executor: str
    queued: float
    started: float | None
    ended: float | None
    group: bool
    key: str
    source: str  # the run that a cached result came from
    parameters: Mapping[str, Value] = field(default_factory=dict)
    inputs: Mapping[str, Value] = field(default_factory=dict)  # input artifacts, as in Outputs.as_json()["artifacts"]
    outputs: Mapping[str, Value] = field(default_factory=dict)  # output parameters
    artifacts: Mapping[str, Value] = field(default_factory=dict)  # output artifacts, as in Outputs.as_json()["artifacts"]


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt at a task."""

    run: str
    task: str
    attempt: int
    state: State
    executor: str
    ref: str
    code: int | None
    reason: str
    message: str
    started: float
    ended: float | None


@dataclass(frozen=True, slots=True)
class ArtifactRow:
    """An artifact and the task that made it, "" for an input of the run; `id` names it in commands.

    source: the run that made it, where the task took its result from the cache.
    """

    id: str
    run: str
    task: str
    output: str
    created: float
    artifact: Artifact
    source: str = ""


@dataclass(frozen=True, slots=True)
class Holding:
    """An artifact at a requested URI. how: "made", "imported", or "given" to a run."""

    row: ArtifactRow
    how: str


@dataclass(frozen=True, slots=True)
class CacheRow:
    """A cached result: the newest successful task with this key. key_parts: the parts of the key by name."""

    key: str
    run: str
    task: str
    title: str
    pipeline: str
    created: float
    expires: float | None
    key_parts: Mapping[str, str]
    outputs: Mapping[str, Value]  # Outputs.as_json()


@dataclass(frozen=True, slots=True)
class Query:
    """Which runs, and in which order. where: an expression, see `store.search.where`; state, experiment, profile: "" for any.

    archived: whether archived, None for both. sort: the field to sort by, times and numbers descending and texts ascending,
    unless `reverse`. after: the last run of the previous page. now: the time that `duration` and times such as `-7d` refer to.
    """

    where: str = ""
    state: str = ""
    experiment: str = ""
    archived: bool | None = False
    sort: str = "created"
    reverse: bool = False
    after: str = ""
    limit: int = 100
    now: float = field(default_factory=time.time)
    profile: str = ""


class Store(Protocol):
    """Events and the rows derived from them. Thread-safe. Raises StoreError, StoreFull, StoreLocked, LeaseLost."""

    url: str

    def close(self) -> None: ...

    # Writing. State changes by `append` only: one transaction for the events, the rows derived from them, and the cache.
    def append(self, events: Sequence[Event], owner: str = "", points: Sequence[Point] = ()) -> int:
        """Commit; returns the number of the last event. With an owner, all runs must be leased to it, else LeaseLost is
        raised and nothing is written.

        RunSubmitted creates the run, leased to `owner` if there is one; RunEnded and RunSuspended end the lease. TaskSucceeded
        with a key and no source also writes the cache entry. Each point gets the number of the last event of this commit, or of
        all. Followers in all processes are notified after the commit.
        """

    def put_plan(self, digest: str, kind: str, document: str) -> None:
        """Store a plan's document under its digest, if it is not there."""

    def plan(self, digest: str) -> tuple[str, str]:
        """(kind, document)."""

    def delete_run(self, run: str) -> None:
        """Delete a run's events, points, rows and cache entries. Ask for `shared` and `inherited` artifacts before."""

    # Reading.
    def events(self, run: str = "", after: int = 0, limit: int = 10_000) -> list[Event]: ...
    def points(self, run: str, task: str = "", metric: str = "", after: int = 0, limit: int = 10_000) -> list[Point]:
        """Points of a run, or of one task or metric of it, after a position; in the order of writing."""

    def point_counts(self, run: str, task: str, attempt: int) -> dict[int, int]:
        """The number of an attempt's points, by the rank of the replica."""

    def last_seq(self) -> int:
        """The number of the newest event, 0 for none."""

    def runs(self, limit: int = 100, state: str = "", experiment: str = "", before: float | None = None) -> list[RunRow]:
        """Newest first."""

    def search(self, query: Query) -> list[RunRow]:
        """The runs that the query finds, in its order. Raises InputError, and NotFound for its `after`."""

    def run(self, run: str) -> RunRow:
        """The run with this id, or with this unique prefix of an id. NotFound names near ones."""

    def tasks(self, run: str) -> list[TaskRow]:
        """A run's tasks, in the order in which they were queued."""

    def attempts(self, run: str, task: str = "") -> list[AttemptRow]: ...
    def artifacts(self, run: str = "", limit: int = 1000) -> list[ArtifactRow]:
        """Newest first: all that were made; or one run's inputs, outputs, and artifacts taken from the cache."""

    def input_artifacts(self, run: str) -> list[ArtifactRow]:
        """A run's input artifacts, by name."""

    def artifact(self, id: str) -> ArtifactRow: ...

    # Lineage. Each method takes many keys, so that a step costs a few statements however wide it is.
    def artifacts_at(self, uris: Iterable[str]) -> list[Holding]:
        """All artifacts at these URIs, made, imported or given, the oldest first."""

    def tasks_at(self, keys: Iterable[tuple[str, str]]) -> list[TaskRow]:
        """The tasks with these (run, task) keys, if they exist."""

    def cache_users(self, sources: Iterable[str], uris: Sequence[str]) -> set[str]:
        """Runs whose tasks took results of these runs from the cache, with one of the URIs in them."""

    def readers(self, runs: Iterable[str], uris: Sequence[str], most: int) -> list[tuple[str, str, frozenset[str]]]:
        """(run, task, URIs of all its inputs) of tasks of these runs that read one of the URIs.

        Without URIs: of all tasks with inputs. most: about how many to return.
        """

    # Artifacts that outlive their run; asked before a run is deleted.
    def shared(self, run: str) -> set[str]:
        """URIs of the run's artifacts that other runs use too, by the cache or an import: they stay when it is deleted."""

    def inherited(self, run: str) -> set[str]:
        """URIs that only this run uses, taken from the cache, of runs that were deleted: they go when it is deleted."""

    # Cache.
    def cached(self, keys: Iterable[str], now: float) -> dict[str, CacheRow]:
        """The entries of these keys that have not expired."""

    def cache(self, limit: int = 100, pipeline: str = "", title: str = "") -> list[CacheRow]:
        """Newest first."""

    def delete_cached(self, keys: Iterable[str]) -> int:
        """Delete cache entries; returns how many."""

    # Leases. An owner is "HOST:PID:START:RANDOM"; the lease of a dead process on this host is free at once.
    def acquire_lease(self, run: str, owner: str, now: float, lease_s: float) -> bool:
        """Take the lease of an unended (perhaps suspended) run; returns whether that worked.

        The lease must be free, expired, or held by a dead process of this host.
        """

    def renew_leases(self, owner: str, now: float, lease_s: float) -> None:
        """Extend all leases of the owner."""

    def release_lease(self, run: str, owner: str) -> None: ...
    def orphans(self, now: float) -> list[str]:
        """Runs without an owner that are neither ended nor suspended."""


class Blobs(Protocol):
    """The bytes of artifacts, by URI. All methods but `is_remote` block. Raises KfliteError, NotFound, OSError."""

    def is_remote(self, uri: str) -> bool:
        """Whether the URI is not on this machine's disk."""

    def intact(self, artifact: Artifact) -> bool:
        """Whether the bytes of an artifact are still there and unchanged."""

    def version(self, uri: str) -> tuple[str, int]:
        """A version that changes with the content, found without reading it ("" for unknown), and the size."""

    def digest(self, path: Path) -> tuple[str, int]:
        """The hash and size of a local file or folder."""

    def content(self, uri: str) -> tuple[str, int]:
        """The hash or version of the content, and its size."""

    def fetch(self, uri: str, path: Path) -> None:
        """Copy from the URI to a path."""

    def push(self, path: Path, uri: str) -> None:
        """Copy from a path to the URI."""

    def bring(self, uri: str, path: Path, folder: Path, token: str) -> None:
        """Keep a copy of the URI at `path`, fetched again only when changed. folder: of all copies; token: see `staging`."""

    def delete(self, uri: str) -> None:
        """Remove what is at the URI, if there is anything."""
