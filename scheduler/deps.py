"""What a scheduler is given: the store, the ways to plans and executors, places, and time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from kflite.core.event import Event, Point
from kflite.core.event_kind import Kind
from kflite.core.plan import Work
from kflite.core.run_event import RunSubmitted
from kflite.core.threads import run_in_thread
from kflite.executors.base import Executor
from kflite.scheduler.assembly import Plans, assemble
from kflite.scheduler.retries import retries
from kflite.scheduler.run import ActiveRun
from kflite.scheduler.submission import Submission, submission
from kflite.scheduler.tasks import Caching
from kflite.store.base import Blobs, RunRow, Store

T = TypeVar("T")

Executors = Callable[[str], Executor]
Identified = Callable[[str, Work], bool]

# What other processes ask of a run, by storing it.
REQUESTS = (Kind.RUN_CANCEL, Kind.RUN_SUSPEND, Kind.RUN_RESUMED)
# A lease that is not renewed for so many seconds is free for others.
LEASE_S = 10.0


class Offload(Protocol):
    """Calls a function that blocks, away from the loop."""

    def __call__(self, function: Callable[..., T], /, *args: object) -> Awaitable[T]: ...


def nothing(on: str, work: Work) -> bool:
    """What a task's result depends on is told by the task alone."""
    return False


def everyone(row: RunRow) -> bool:
    """Any run that nobody owns is taken over."""
    return True


def nobody(row: RunRow) -> bool:
    """No run is taken over unless it is asked for."""
    return False


def no_failpoint(name: str) -> None:
    """No fault is to happen."""


@dataclass(frozen=True, slots=True)
class SchedulerDeps:
    """plans: (kind, document, parameters, origin) -> Plan; executors: the word of `--on` -> Executor, entered when first needed.

    owner: from `kflite.store.owner_id`; requests: what other processes ask, as they ask it;
    identified: (on, work) -> whether its executor is to be asked what else decides a task's result there, as part of its key;
    accepts: whether a run that nobody owns is taken over without being asked for; cache_s: how long a result may be used again, 0
    for ever; failpoint: called by name at each point between what is decided,
    stored and done, where tests let the process die. offload: for what blocks; transfer: for what blocks as long as it takes to
    read or copy artifacts, and must not keep the store waiting.
    """

    store: Store
    blobs: Blobs
    plans: Plans
    executors: Executors
    home: Path
    artifacts: str
    owner: str
    requests: Callable[[], AsyncIterator[Event]]
    identified: Identified = nothing
    accepts: Callable[[RunRow], bool] = everyone
    lease_s: float = LEASE_S
    cache_s: float = 0.0
    clock: Callable[[], float] = time.time
    offload: Offload = asyncio.to_thread
    transfer: Offload = run_in_thread
    failpoint: Callable[[str], None] = no_failpoint

    def run(self, asked: Submission, created: float, events: Sequence[Event] = ()) -> ActiveRun:
        """A run, not begun. events: what the store holds of it. Raises InputError."""
        plan, paths = assemble(asked, self.plans, self.home, self.artifacts, created)
        caching = Caching(lambda work: self.identified(asked.on, work), self.cache_s)
        return ActiveRun(asked, plan, paths, self.clock, caching, events)

    def load(self, run: str) -> tuple[ActiveRun, list[Point]]:
        """A run of the store, and the points that its plan watches. Blocks. Raises InputError."""
        events = list(self._events(run))
        submitted = events[0].data
        assert isinstance(submitted, RunSubmitted), f"run {run} begins with {events[0].kind}"
        changed = [retry.plan for retry in retries(events) if retry.plan]
        document = self.store.plan(changed[-1] if changed else submitted.plan)[1]
        taken = self.run(submission(events[0], document), events[0].at, events)
        return taken, self._points(run, taken.watches)

    def _events(self, run: str) -> Iterator[Event]:
        last = 0
        while batch := self.store.events(run, last):
            yield from batch
            last = batch[-1].seq

    def _points(self, run: str, metrics: Collection[str]) -> list[Point]:
        """All points of these metrics, in the order in which they were stored."""
        found: list[Point] = []
        for metric in metrics:
            last = 0
            while batch := self.store.points(run, metric=metric, after=last):
                found += batch
                last = batch[-1].position
        return sorted(found, key=lambda point: point.position)
