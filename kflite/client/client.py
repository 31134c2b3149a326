"""The client: submits runs to a scheduler of its own, finds the runs of others, and reads what both left."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing, nullcontext, suppress
from typing import TYPE_CHECKING, Self

from kflite import config
from kflite.client.experiments import Experiments
from kflite.client.kfp_hints import elsewhere
from kflite.client.pipelines import Pipelines
from kflite.client.run_handle import Run
from kflite.core.event import Event, Kind, RunCancelRequested, State
from kflite.core.paths import RunPaths
from kflite.engine.executors import Executors
from kflite.engine.identity import identified
from kflite.errors import InputError, KfliteError
from kflite.plans.kinds import plan
from kflite.runs import labels as run_labels
from kflite.runs.delete import delete
from kflite.runs.experiments import admit
from kflite.runs.inputs import Given
from kflite.runs.pipelines import load
from kflite.runs.retry import ask
from kflite.runs.submit import Around, Options, Search, of_run, of_search, of_target
from kflite.store.base import ArtifactRow, CacheRow, Query, RunRow
from kflite.store.follow import follow, news

if TYPE_CHECKING:
    from kflite.client.comparison import Comparison
    from kflite.config import Settings
    from kflite.runs.lineage import Lineage
    from kflite.scheduler import Scheduler, World
    from kflite.scheduler.submission import Submission
    from kflite.space import Space
    from kflite.store import Database
    from kflite.target import Target

_DAY_S = 86_400.0
_AGAIN_S = 1.0  # between two attempts at taking over a run that a scheduler holds


class Client:
    """Runs what can be run. In its context it has the store open, and a scheduler from the first submission on.

    Leaving the context does not stop what runs: tasks go on, and the next scheduler, or `resume`, finds them.

    store: `sqlite:///path` or `postgresql://…`; artifacts: a folder or an fsspec URL; on: where runs go unless they say so;
    home: the folder of private data. "" takes what the settings say. adopt: take over runs
    that dead schedulers left. settings, executors: made before.
    """

    def __init__(
        self,
        *,
        store: str = "",
        artifacts: str = "",
        on: str = "",
        home: str | os.PathLike[str] = "",
        adopt: bool = True,
        settings: Settings | None = None,
        executors: Executors | None = None,
    ) -> None:
        flags = {"store": store, "artifacts": artifacts, "on": on, "home": os.fspath(home)}
        self.settings = settings or config.load({name: text for name, text in flags.items() if text})
        self.executors = executors or Executors(self.settings)
        self._adopts = adopt
        self._store: Database | None = None
        self._scheduler: Scheduler | None = None
        self._starting = asyncio.Lock()
        self._mine: set[str] = set()

    if not TYPE_CHECKING:  # to a type checker an unknown name stays unknown
        __getattr__ = elsewhere

    async def __aenter__(self) -> Self:
        from kflite import store

        self._store = store.open(self.settings.store)
        return self

    async def __aexit__(self, *exc: object) -> None:
        scheduler, self._scheduler = self._scheduler, None
        if scheduler:
            await scheduler.__aexit__(*exc)
        if self._store:
            self._store.close()
            self._store = None

    @property
    def open(self) -> bool:
        """Whether the context has been entered and not left."""
        return self._store is not None

    @property
    def store(self) -> Database:
        """The open store. Raises KfliteError outside of the context."""
        if self._store is None:
            raise KfliteError("the client is not open: use it inside `async with kflite.Client() as client:`")
        return self._store

    @property
    def pipelines(self) -> Pipelines:
        """Pipelines that are kept by name and version; `submit("pipeline:NAME@VERSION")` runs them."""
        return Pipelines(self)

    @property
    def experiments(self) -> Experiments:
        """Experiments, which runs are grouped by."""
        return Experiments(self)

    def place(self, row: RunRow) -> RunPaths:
        """Where a run's files lie."""
        return RunPaths(self.settings.home, self.settings.artifacts, row.pipeline, row.run)

    async def scheduler(self) -> Scheduler:
        """The scheduler of this client, started when it is first asked for. Raises InputError where artifacts cannot be kept."""
        async with self._starting:
            if self._scheduler is None:
                from kflite.scheduler import Scheduler
                from kflite.store.blobs.remote import ready

                await asyncio.to_thread(ready, self.settings.artifacts)
                self._scheduler = await Scheduler(self._world()).__aenter__()
            return self._scheduler

    def _world(self) -> World:
        from kflite.scheduler import World
        from kflite.scheduler.deps import everyone, nobody
        from kflite.store import owner_id

        return World(
            store=self.store,
            plans=plan,
            executors=self.executors,
            home=self.settings.home,
            artifacts=self.settings.artifacts,
            owner=owner_id(),
            requests=lambda: news(self.store, (Kind.RUN_CANCEL,)),
            accepts=everyone if self._adopts else nobody,
            identified=identified,
            cache_s=self.settings.cache_days * _DAY_S,
        )

    # Starting runs.

    async def submit(
        self,
        target: object,
        parameters: Mapping[str, Given] | None = None,
        *,
        name: str = "",
        experiment: str = "",
        on: str = "",
        cache: bool = True,
        parallel: int = 0,
        timeout: float | None = None,  # noqa: ASYNC109 - the run's, kept by the scheduler
        fail_fast: bool = False,
        labels: Mapping[str, str] | None = None,
    ) -> Run:
        """Start a run; returns once the store holds it.

        target: a pipeline or component (kflite's or kfp's), a path, a dict. parameters: by name; an input artifact is a path, a
        URI, the id of an earlier run's artifact, or what `run.outputs` holds, and a list of them where it is a list.
        parallel: tasks at once, 0 for as many as there is room for. timeout: longest time of the run, in seconds. fail_fast: stop
        at the first failure. Raises InputError.
        """
        options = Options(name, experiment, on, cache, parallel, timeout, fail_fast, labels or {})
        loaded = self.target(target)
        return await self.start(await asyncio.to_thread(of_target, loaded, parameters or {}, options, self._around))

    async def tune(
        self,
        target: object,
        space: Space,
        *,
        metric: str,
        goal: str = "maximize",
        algorithm: str = "random",
        trials: int = 10,
        parallel: int = 1,
        seed: int = 0,
        parameters: Mapping[str, Given] | None = None,
        name: str = "",
        experiment: str = "",
        on: str = "",
        cache: bool = True,
        timeout: float | None = None,  # noqa: ASYNC109 - the run's, kept by the scheduler
        labels: Mapping[str, str] | None = None,
    ) -> Run:
        """Start a search for the parameters with the best `metric`, an output of the target; returns once the store holds it.

        space: by parameter, see `kflite.space`. parameters: those that stay as they are. `Tuning(run)` reads the trials.
        """
        options = Options(name, experiment, on, cache, timeout=timeout, labels=labels or {})
        search = Search(space, metric, goal, algorithm, trials, parallel, seed)
        loaded = self.target(target)
        return await self.start(await asyncio.to_thread(of_search, loaded, search, parameters or {}, options, self._around))

    @property
    def _around(self) -> Around:
        return Around(self.settings.on, self.settings.artifacts, self.store.artifact)

    def target(self, target: object) -> Target:
        """What a target is, also one that was uploaded. Raises NotFound, CompileError, InvalidPipeline, InputError."""
        return load(target, lambda: nullcontext(self.store))

    async def start(self, submission: Submission) -> Run:
        """Start what was put together before."""
        self.executors(submission.on)
        await asyncio.to_thread(admit, self.store, submission.experiment)
        scheduler = await self.scheduler()
        await scheduler.submit(submission)
        self._mine.add(submission.run)
        return await self.run(submission.run)

    async def clone(self, run: str, parameters: Mapping[str, Given] | None = None) -> Run:
        """Run the same again, with these parameters and artifacts instead of the run's own."""
        return await self.start(of_run(self.store, self.store.run(run), parameters or {}, self.settings.artifacts))

    async def retry(self, run: str, changed: object = None, *, keep: bool = False, tasks: Sequence[str] = ()) -> Run:
        """Do again what did not succeed in a run that has ended; what succeeded stays.

        changed: the target as it is now: steps that have changed are done again, and what follows from them; with `keep` only
        what had not succeeded. tasks: names of tasks that are done again too, and what follows from them. Raises InputError.
        """
        row = self.store.run(run)
        self.executors(row.on)
        target = None if changed is None else self.target(changed)
        await asyncio.to_thread(lambda: ask(self.store, row, target, keep=keep, tasks=tasks))
        self._mine.discard(row.run)  # until it is begun anew
        await self.adopt(row.run)  # or another scheduler has been faster, and it is done there
        return await self.run(row.run)

    async def resume(self, run: str) -> Run:
        """Go on with a run whose scheduler is gone."""
        row = self.store.run(run)
        if row.state.ended:
            raise InputError(f"run {row.run} has ended, {row.state}: kflite retry {row.run} does again what did not succeed")
        if not await self.adopt(row.run):
            owner = self.store.run(row.run).owner
            raise InputError(f"run {row.run} is in the hands of another scheduler ({owner}): kflite watch {row.run} shows it")
        return await self.run(row.run)

    async def resume_all(self) -> list[Run]:
        """Go on with all runs whose schedulers are gone."""
        orphans = await asyncio.to_thread(self.store.orphans, time.time())
        return [await self.run(orphan) for orphan in orphans if await self.adopt(orphan)]

    async def take(self, run: str) -> Run:
        """Take over a run as soon as nobody has it; one that was left to this client alone, and that others may find first."""
        while not await self.adopt(run):
            with suppress(TimeoutError):
                async with asyncio.timeout(_AGAIN_S):
                    await self.ended(run)
                    break
        return await self.run(run)

    async def adopt(self, run: str) -> bool:
        """Take over a run that nobody has; returns whether it is this client's now."""
        scheduler = await self.scheduler()
        if run not in self._mine and await scheduler.adopt(run):
            self._mine.add(run)
        return run in self._mine

    # Runs that go on, here or in another process.

    async def ended(self, run: str) -> State:
        """Wait for a run's end. Raises the StoreError that stopped it."""
        if run in self._mine:
            return await (await self.scheduler()).ended(run)
        async with aclosing(follow(self.store, run, self.store.last())) as batches:
            while not (state := self.store.run(run).state).ended:
                await anext(batches)
        return state

    async def cancel(self, run: str, reason: str = "cancelled", *, kill: bool = False) -> None:
        """Ask a run to stop; whoever runs it stops it, and where nobody does, this client. kill: with no time to end in peace."""
        row = self.store.run(run)
        if row.state.ended:
            return
        self.store.append([Event(row.run, RunCancelRequested(reason, kill), time.time())])
        if row.run not in self._mine and row.run in self.store.orphans(time.time()):
            await self.adopt(row.run)

    # What is stored.

    async def run(self, run: str) -> Run:
        """The run with this id, or with this unique beginning of an id. Raises NotFound."""
        return Run(self, self.store.run(run))

    async def runs(
        self,
        limit: int = 100,
        state: str = "",
        experiment: str = "",
        *,
        where: str = "",
        archived: bool | None = False,
        sort: str = "created",
        reverse: bool = False,
        after: str = "",
    ) -> list[Run]:
        """The newest runs first, or those that are searched; `after` a run, the next page. Raises InputError.

        where: an expression such as `param.c>0.3 not label.team=a`, see `kflite.store.search.where`.
        archived: only those; None: all. sort: a field of such expressions; times and numbers fall, texts rise, unless `reverse`.
        """
        query = Query(where, state, experiment, archived, sort, reverse, after, limit)
        return [Run(self, row) for row in await asyncio.to_thread(self.store.search, query)]

    async def archive(self, *runs: str) -> None:
        """Leave runs that have ended out of lists; nothing of them is lost. Raises InputError for one that goes on."""
        await asyncio.to_thread(run_labels.archive, self.store, [self.store.run(run) for run in runs])

    async def unarchive(self, *runs: str) -> None:
        """Bring archived runs back into lists."""
        await asyncio.to_thread(run_labels.unarchive, self.store, [self.store.run(run) for run in runs])

    async def label(self, run: str, labels: Mapping[str, str | None]) -> None:
        """Set labels of a run; those that are None here are taken off. Raises InputError."""
        await asyncio.to_thread(run_labels.label, self.store, self.store.run(run), labels)

    async def compare(self, *runs: Run | str) -> Comparison:
        """Compare runs with the first one: handles, or ids or unique beginnings of ids. Raises InputError, NotFound."""
        from kflite.client.comparison import compare

        handles = [await self.run(run) if isinstance(run, str) else run for run in runs]
        return await asyncio.to_thread(compare, *handles)

    async def artifacts(self, run: str = "", limit: int = 1000) -> list[ArtifactRow]:
        """What was made, by one run or by all."""
        return await asyncio.to_thread(self.store.artifacts, run, limit)

    async def lineage(self, of: str, *, up: bool = True, down: bool = True) -> Lineage:
        """What an artifact (by id, path or URI) or a task (RUN/TASK) came from, and what was made from it, across runs."""
        from kflite.runs.lineage import trace

        return await asyncio.to_thread(trace, self.store, of, up, down)

    async def cached(self, pipeline: str = "", limit: int = 100) -> list[CacheRow]:
        """Results that can be used again, the newest first."""
        return await asyncio.to_thread(self.store.cache, limit, pipeline)

    async def uncache(self, keys: Sequence[str]) -> int:
        """Forget results; returns how many there were."""
        return await asyncio.to_thread(self.store.uncache, keys)

    async def delete(self, run: str) -> None:
        """Remove a run that has ended: what the store holds of it, its logs and its artifacts."""
        await asyncio.to_thread(delete, self.store, self.store.run(run), self.settings)
