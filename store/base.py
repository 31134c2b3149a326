"""The store's seam: what the scheduler, the client and the tests ask of it. All methods block; callers bring the thread."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from kflite.core.event import Event, Point
from kflite.core.event_kind import State
from kflite.core.value import Artifact, Value


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as listed. Times are Unix seconds; `owner` is the scheduler that holds its lease, "" when none does."""

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
    archived: float | None = None  # since when it is
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
    """An artifact and the task that made it, "" where the run was given it; `id` names it in commands.

    source: the run that made it, where the task was answered from the cache.
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
    """An artifact at a URI that was asked for. how: "made", "imported", or "given" to a run."""

    row: ArtifactRow
    how: str


@dataclass(frozen=True, slots=True)
class CacheRow:
    """A cached result: the newest successful task with this key. `key_parts` is what the key was made of, by name."""

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

    archived: only those, None: all. sort: a field that has an order; times and numbers fall and texts rise, unless `reverse`.
    after: the run that the last page ended with. now: what the time is, for `duration` and times such as `-7d`.
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
    """Events and what is derived from them. Thread-safe. Raises StoreError, StoreFull, StoreLocked, LeaseLost."""

    url: str

    def close(self) -> None: ...

    # Writing. `append` is the only way that state changes: one transaction for the events, their projections and the cache.
    def append(self, events: Sequence[Event], owner: str = "", points: Sequence[Point] = ()) -> int:
        """Commit; returns the last number given. With an owner, every run named must be leased to it, else LeaseLost, and nothing
        is written.

        A RunSubmitted creates the run, leased to `owner` if one is given; RunEnded and RunSuspended end the lease. A
        TaskSucceeded with a key and no source also writes the cache entry. Each point gets the number of the last event, of this
        commit or, if it has none, of all. `follow`ers in other processes are told after the commit.
        """

    def put_plan(self, digest: str, kind: str, document: str) -> None:
        """Keep a plan's document (IR as JSON, or an experiment) under its digest; once."""

    def plan(self, digest: str) -> tuple[str, str]:
        """(kind, document)."""

    def delete_run(self, run: str) -> None:
        """Remove a run's events, points and projections, and its cache entries. What it leaves is to be asked before."""

    # Reading.
    def events(self, run: str = "", after: int = 0, limit: int = 10_000) -> list[Event]: ...
    def points(self, run: str, task: str = "", metric: str = "", after: int = 0, limit: int = 10_000) -> list[Point]:
        """In the order of writing: of a run, or of one task or metric of it; those after a position."""

    def point_counts(self, run: str, task: str, attempt: int) -> dict[int, int]:
        """How many points of an attempt there are, by the rank of the replica."""

    def last(self) -> int:
        """Number of the newest event, 0 when there is none."""

    def runs(self, limit: int = 100, state: str = "", experiment: str = "", before: float | None = None) -> list[RunRow]:
        """Newest first."""

    def search(self, query: Query) -> list[RunRow]:
        """The runs that are searched, in its order. Raises InputError, NotFound for what it starts after."""

    def run(self, run: str) -> RunRow:
        """The run with this id, or with this unique prefix of an id. NotFound names near ones."""

    def tasks(self, run: str) -> list[TaskRow]:
        """In the order in which they were queued."""

    def attempts(self, run: str, task: str = "") -> list[AttemptRow]: ...
    def artifacts(self, run: str = "", limit: int = 1000) -> list[ArtifactRow]:
        """Newest first: all that was made; or what one run was given, made, and holds by the cache."""

    def given(self, run: str) -> list[ArtifactRow]:
        """What a run was given, by name."""

    def artifact(self, id: str) -> ArtifactRow: ...
    def metrics(self, run: str) -> list[tuple[str, str, float]]:
        """(task, metric, value): the numbers in metadata of system.Metrics artifacts and numeric output parameters."""

    # Lineage. Each asks for many at once, so that a step costs a few statements however wide it is.
    def at(self, uris: Iterable[str]) -> list[Holding]:
        """Every making, import and giving of artifacts at these URIs, the oldest first."""

    def tasks_at(self, places: Iterable[tuple[str, str]]) -> list[TaskRow]:
        """The tasks with these (run, task), as far as they are there."""

    def hits(self, sources: Iterable[str], uris: Sequence[str]) -> set[str]:
        """Runs with tasks that were answered by results of these runs, and so hold one of the URIs."""

    def readers(self, runs: Iterable[str], uris: Sequence[str], most: int) -> list[tuple[str, str, frozenset[str]]]:
        """(run, task, URIs of all that it reads) of tasks of these runs that read one of the URIs.

        Without URIs, of all tasks that read anything. most: how many, about.
        """

    # Artifacts and the runs that they outlive, asked before a run is deleted.
    def shared(self, run: str) -> set[str]:
        """URIs of the run's artifacts that other runs hold too, by a cache hit or an import: they stay when it is deleted."""

    def inherited(self, run: str) -> set[str]:
        """URIs that this run holds by cache hits, and no other, of runs that are gone: they go when it is deleted."""

    # Cache.
    def cached(self, keys: Iterable[str], now: float) -> dict[str, CacheRow]:
        """Entries that are there and not expired, in one query."""

    def cache(self, limit: int = 100, pipeline: str = "", title: str = "") -> list[CacheRow]:
        """Newest first."""

    def uncache(self, keys: Iterable[str]) -> int:
        """Remove entries; returns how many."""

    # Leases. An owner is "HOST:PID:START:RANDOM"; on the same host a dead process's lease counts as free at once.
    def claim(self, run: str, owner: str, now: float, lease_s: float) -> bool:
        """Take a run that has not ended, a suspended one too.

        Its lease must be free, expired, or held by a dead process of this host.
        """

    def renew(self, owner: str, now: float, lease_s: float) -> None:
        """Extend all leases of the owner."""

    def release(self, run: str, owner: str) -> None: ...
    def orphans(self, now: float) -> list[str]:
        """Runs that are to go on and that nobody owns: neither ended nor suspended."""


class Blobs(Protocol):
    """The bytes of artifacts, by URI. All of it blocks, but for `is_remote`. Raises KfliteError, NotFound, OSError."""

    def is_remote(self, uri: str) -> bool:
        """Whether it takes more than this machine's disk to read it."""

    def intact(self, artifact: Artifact) -> bool:
        """Whether the bytes of an artifact are still there, as they were."""

    def look(self, uri: str) -> tuple[str, int]:
        """What tells one state of it from another without reading it, and its size."""

    def digest(self, path: Path) -> tuple[str, int]:
        """The hash of what is at a path of this machine, and its size."""

    def content(self, uri: str) -> tuple[str, int]:
        """What stands for its content, and its size."""

    def fetch(self, uri: str, path: Path) -> None:
        """Copy what is at the URI to a path."""

    def push(self, path: Path, uri: str) -> None:
        """Copy what is at a path to the URI."""

    def bring(self, uri: str, path: Path, folder: Path, since: str) -> None:
        """Have at `path` what is at the URI now, fetched no more often than it changes. folder: of notes on copies."""

    def delete(self, uri: str) -> None:
        """Remove what is at the URI, if anything is."""
