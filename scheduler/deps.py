"""What a scheduler needs: the store, factories of plans and executors, folders, and a clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from kflite.core.event import Event, Point
from kflite.core.event_kind import Kind
from kflite.core.frozen import dataclass
from kflite.core.plan import Work
from kflite.core.run_event import RunSubmitted
from kflite.core.threads import run_in_thread
from kflite.executors.base import Executor
from kflite.scheduler.assembly import Plans, assemble
from kflite.scheduler.retries import retries
from kflite.scheduler.run import ActiveRun
from kflite.scheduler.submission import Submission, submission_of
from kflite.scheduler.tasks import Caching
from kflite.store.base import Blobs, RunRow, Store

T = TypeVar("T")

Executors = Callable[[str], Executor]
HasIdentity = Callable[[str, Work], bool]

# What other processes ask of a run, by storing it.
REQUESTS = (Kind.RUN_CANCEL, Kind.RUN_SUSPEND, Kind.RUN_RESUMED)
# A lease that is not renewed for so many seconds is free.
LEASE_S = 10.0


class Offload(Protocol):
    """Calls a blocking function outside the event loop."""

    def __call__(self, function: Callable[..., T], /, *args: object) -> Awaitable[T]: ...


def no_identity(on: str, work: Work) -> bool:
    """The default: a task's result depends on the task alone."""
    return False


def any_run(row: RunRow) -> bool:
    """Adopt every run without an owner."""
    return True


def no_run(row: RunRow) -> bool:
    """Adopt no run by itself."""
    return False


def no_failpoint(name: str) -> None:
    """The default: do nothing."""


@dataclass(frozen=True, slots=True)
class SchedulerDeps:
    """plans: (kind, document, parameters, origin) -> Plan; executors: the value of `--on` -> Executor, entered when first needed.

    owner: from `kflite.store.owner_id`; requests: the requests that other processes store, as they come;
    has_identity: (on, work) -> whether the executor is asked what else decides the task's result, as part of its cache key;
    accepts: whether a run without an owner is adopted; cache_s: how long a cached result is valid, 0 for ever;
    offload: runs blocking calls; transfer: runs calls that read or copy artifacts, which must not delay the store;
    failpoint: called with a name between deciding, storing and acting, where tests kill the process.
    """

    store: Store
    blobs: Blobs
    plans: Plans
    executors: Executors
    home: Path
    artifacts: str
    owner: str
    requests: Callable[[], AsyncIterator[Event]]
    has_identity: HasIdentity = no_identity
    accepts: Callable[[RunRow], bool] = any_run
    lease_s: float = LEASE_S
    cache_s: float = 0.0
    clock: Callable[[], float] = time.time
    offload: Offload = asyncio.to_thread
    transfer: Offload = run_in_thread
    failpoint: Callable[[str], None] = no_failpoint

    def run(self, submission: Submission, created: float, events: Sequence[Event] = ()) -> ActiveRun:
        """A run, not begun. events: those in the store. Raises InputError."""
        plan, paths = assemble(submission, self.plans, self.home, self.artifacts, created)
        caching = Caching(lambda work: self.has_identity(submission.on, work), self.cache_s)
        return ActiveRun(submission, plan, paths, self.clock, caching, events)

    def load(self, run: str) -> tuple[ActiveRun, list[Point]]:
        """A run from the store, and the stored points of metrics that its plan watches. Blocks. Raises InputError."""
        events = list(self._events(run))
        submitted = events[0].data
        assert isinstance(submitted, RunSubmitted), f"run {run} begins with {events[0].kind}"
        changed = [retry.plan for retry in retries(events) if retry.plan]
        document = self.store.plan(changed[-1] if changed else submitted.plan)[1]
        active = self.run(submission_of(events[0], document), events[0].at, events)
        return active, self._points(run, active.watches)

    def _events(self, run: str) -> Iterator[Event]:
        last = 0
        while batch := self.store.events(run, last):
            yield from batch
            last = batch[-1].seq

    def _points(self, run: str, metrics: Collection[str]) -> list[Point]:
        """All points of these metrics in the order of storing."""
        points: list[Point] = []
        for metric in metrics:
            last = 0
            while batch := self.store.points(run, metric=metric, after=last):
                points += batch
                last = batch[-1].position
        return sorted(points, key=lambda point: point.position)
