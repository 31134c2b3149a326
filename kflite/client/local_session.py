"""The session on a store, with a scheduler of this process from the first submission on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from kflite.client.local_catalogue import LocalCatalogue
from kflite.client.session import RunRecord
from kflite.core.event import Event
from kflite.core.event_kind import State
from kflite.core.paths import RunPaths
from kflite.core.run_event import RunCancelRequested, RunResumed
from kflite.engine.adoption import Adoption
from kflite.engine.executors import Executors
from kflite.engine.identity import has_identity
from kflite.errors import InputError
from kflite.plans.kinds import plan
from kflite.runs.experiments import ensure_open
from kflite.runs.submit import clone_submission
from kflite.store.base import Query, RunRow
from kflite.store.follow import follow, new_events

if TYPE_CHECKING:
    from kflite.config import Settings
    from kflite.runs.inputs import RunInput
    from kflite.scheduler import Scheduler, SchedulerDeps
    from kflite.scheduler.submission import Submission
    from kflite.target import Target

_DAY_S = 86_400.0
_RETRY_S = 1.0  # between two attempts at taking over a run that a scheduler holds


class LocalSession(LocalCatalogue):
    """Runs in a store. Leaving it does not stop what runs: tasks go on, and the next scheduler finds them.

    adopt: take over runs of the settings' profile that dead schedulers left.
    """

    def __init__(self, settings: Settings, executors: Executors | None = None, adopt: bool = True) -> None:
        super().__init__(settings)
        self.executors = executors or Executors(settings)
        self._adopts = adopt
        self._scheduler: Scheduler | None = None
        self._starting = asyncio.Lock()
        self._own: set[str] = set()  # runs of this scheduler

    async def close(self) -> None:
        scheduler, self._scheduler = self._scheduler, None
        if scheduler:
            await scheduler.__aexit__()
        await super().close()

    async def scheduler(self) -> Scheduler:
        """This session's scheduler, started when first used. Raises InputError if artifacts cannot be stored."""
        async with self._starting:
            if self._scheduler is None:
                from kflite.scheduler import Scheduler
                from kflite.store.blobs.remote import ready

                await asyncio.to_thread(ready, self.settings.artifacts)
                self._scheduler = await Scheduler(self._deps()).__aenter__()
            return self._scheduler

    def _deps(self) -> SchedulerDeps:
        from kflite.scheduler import SchedulerDeps
        from kflite.scheduler.deps import REQUESTS, no_run
        from kflite.store import owner_id
        from kflite.store.blobs.files import FileBlobs

        return SchedulerDeps(
            store=self.store,
            blobs=FileBlobs(self.settings.artifacts),
            plans=plan,
            executors=self.executors,
            home=self.settings.home,
            artifacts=self.settings.artifacts,
            owner=owner_id(),
            requests=lambda: new_events(self.store, REQUESTS),
            accepts=Adoption((self.settings.profile,)).accepts if self._adopts else no_run,
            has_identity=has_identity,
            cache_s=self.settings.cache_days * _DAY_S,
        )

    # Runs that begin, and begin again.

    async def submit(self, submission: Submission) -> RunRecord:
        self.executors(submission.on)
        if submission.experiment:
            await asyncio.to_thread(ensure_open, self.store, submission.experiment)
        await (await self.scheduler()).submit(submission)
        self._own.add(submission.run)
        return self._record(await asyncio.to_thread(self.store.run, submission.run))

    async def clone(self, run: str, changes: Mapping[str, RunInput]) -> Submission:
        row = await asyncio.to_thread(self.store.run, run)
        return await asyncio.to_thread(clone_submission, self.store, row, changes, self.settings.artifacts)

    async def retry(self, run: str, changed: Target | None, keep: bool, tasks: Sequence[str]) -> RunRecord:
        from kflite.runs.retry import store_retry

        row = await asyncio.to_thread(self.store.run, run)
        self.executors(row.on)
        await asyncio.to_thread(lambda: store_retry(self.store, row, changed, keep=keep, tasks=tasks))
        self._own.discard(row.run)  # until it is begun anew
        await self.adopt(row.run)  # or another scheduler has been faster, and it is done there
        return await self.run(row.run)

    async def resume(self, run: str) -> RunRecord:
        row = await asyncio.to_thread(self.store.run, run)
        if row.state.ended:
            raise InputError(f"run {row.run} has ended, {row.state}: kflite retry {row.run} does again what did not succeed")
        if row.state is State.SUSPENDED:
            await asyncio.to_thread(self.store.append, [Event(row.run, RunResumed(), time.time())])
        if not await self.adopt(row.run):
            owner = (await asyncio.to_thread(self.store.run, row.run)).owner
            raise InputError(f"run {row.run} belongs to another scheduler ({owner}): kflite watch {row.run} shows it")
        return await self.run(row.run)

    async def resume_all(self) -> list[RunRecord]:
        return [await self.run(orphan) for orphan in await self.orphans() if await self.adopt(orphan)]

    async def take(self, run: str) -> RunRecord:
        """Adopt a run as soon as it has no owner. It was left to this session, but another may be faster."""
        while not await self.adopt(run):
            with suppress(TimeoutError):
                async with asyncio.timeout(_RETRY_S):
                    await self.ended(run)
                    break
        return await self.run(run)

    async def adopt(self, run: str) -> bool:
        """Adopt a run without an owner; returns whether this session owns it now."""
        scheduler = await self.scheduler()
        if run not in self._own and await scheduler.adopt(run):
            self._own.add(run)
        return run in self._own

    async def orphans(self) -> list[str]:
        """Ids of unended runs without a scheduler."""
        return await asyncio.to_thread(self.store.orphans, time.time())

    async def cancel(self, run: str, reason: str, kill: bool) -> None:
        row = await asyncio.to_thread(self.store.run, run)
        if row.state.ended:
            return
        event = Event(row.run, RunCancelRequested(reason, kill), time.time())
        await asyncio.to_thread(self.store.append, [event])
        if row.run not in self._own and (row.state is State.SUSPENDED or row.run in await self.orphans()):
            await self.adopt(row.run)

    # Runs as they are.

    async def run(self, run: str) -> RunRecord:
        return await asyncio.to_thread(self._read, run)

    async def runs(self, query: Query) -> list[RunRecord]:
        return [self._record(row) for row in await asyncio.to_thread(self.store.search, query)]

    async def document(self, record: RunRecord) -> tuple[str, str]:
        return await asyncio.to_thread(self.store.plan, record.run.plan)

    def events(self, run: str, after: int = 0) -> AsyncGenerator[list[Event], None]:
        return follow(self.store, run, after)

    async def past_events(self, run: str, after: int = 0) -> list[Event]:
        return await asyncio.to_thread(self.store.events, run, after)

    async def ended(self, run: str) -> State:
        """Wait for a run's end. Raises the StoreError that stopped it."""
        if run in self._own:
            return await (await self.scheduler()).ended(run)
        async with aclosing(follow(self.store, run, await asyncio.to_thread(self.store.last_seq))) as batches:
            while not (state := (await asyncio.to_thread(self.store.run, run)).state).ended:
                await anext(batches)
        return state

    def _read(self, run: str) -> RunRecord:
        store, row = self.store, self.store.run(run)
        tasks, attempts, inputs = store.tasks(row.run), store.attempts(row.run), store.input_artifacts(row.run)
        return RunRecord(row, self.paths(row), tuple(tasks), tuple(attempts), tuple(inputs))

    def _record(self, row: RunRow) -> RunRecord:
        return RunRecord(row, self.paths(row))

    def paths(self, row: RunRow) -> RunPaths:
        """A run's paths."""
        return RunPaths(self.settings.home, self.settings.artifacts, row.pipeline, row.run)
