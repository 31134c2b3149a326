"""The client starts runs, and finds and reads all runs of its session."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self, Unpack

from kflite import config
from kflite.client.followers import Followers
from kflite.client.kfp_hints import elsewhere
from kflite.client.local_session import LocalSession
from kflite.client.run_handle import Run
from kflite.client.targets import load
from kflite.core.event_kind import State
from kflite.runs.inputs import RunInput
from kflite.runs.options import RunOptions, TuneOptions, run_options, tune_options
from kflite.runs.submit import SubmitContext, target_submission, tuning_submission
from kflite.store.base import ArtifactRow, CacheRow, Query

if TYPE_CHECKING:
    from kflite.client.comparison import Comparison
    from kflite.client.experiments import Experiments
    from kflite.client.pipelines import Pipelines
    from kflite.client.session import RunRecord, Session
    from kflite.config import Settings
    from kflite.engine.executors import Executors
    from kflite.runs.lineage import Lineage
    from kflite.scheduler.submission import Submission
    from kflite.space import Space


class Client:
    """Runs what can be run. In its context the session is open; no call of it blocks the event loop.

    Leaving the context does not stop what runs: tasks go on, and the next scheduler, or `resume`, finds them.

    store: `sqlite:///path` or `postgresql://…`; artifacts: a folder or an fsspec URL; on: where runs go unless they say so;
    home: the folder of private data. "" takes what the settings say. adopt: take over runs of one's own profile that dead
    schedulers left. settings, executors: made before.
    session: what holds the runs, in place of a store and a scheduler of this process.
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
        session: Session | None = None,
    ) -> None:
        flags = {"store": store, "artifacts": artifacts, "on": on, "home": os.fspath(home)}
        self.session: Session = session or LocalSession(
            settings or config.load({name: text for name, text in flags.items() if text}), executors, adopt
        )
        self._followers = Followers(self.session)

    if not TYPE_CHECKING:  # to a type checker an unknown name stays unknown
        __getattr__ = elsewhere

    async def __aenter__(self) -> Self:
        await self.session.open()
        self._followers.open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._followers.close()
        await self.session.close()

    @property
    def settings(self) -> Settings:
        return self.session.settings

    @property
    def pipelines(self) -> Pipelines:
        """Uploaded pipelines; `submit("pipeline:NAME@VERSION")` runs one."""
        from kflite.client.pipelines import Pipelines

        return Pipelines(self.session)

    @property
    def experiments(self) -> Experiments:
        """Experiments, which group runs."""
        from kflite.client.experiments import Experiments

        return Experiments(self.session)

    # Starting runs.

    async def submit(
        self, target: object, parameters: Mapping[str, RunInput] | None = None, **options: Unpack[RunOptions]
    ) -> Run:
        """Start a run; returns once it is stored.

        target: a pipeline or component (kflite's or kfp's), a path, a dict. parameters: by name; an input artifact is a path, a
        URI, the id of an earlier run's artifact, or what `run.outputs` holds, and a list of them where it is a list.
        options: see `kflite.runs.options.RunOptions`. Raises InputError, and TypeError for an option that there is not.
        """
        record = run_options(options, "submit")
        loaded = await load(self.session, target)
        return await self.start(
            await asyncio.to_thread(target_submission, loaded, parameters or {}, record, self._submit_context())
        )

    async def tune(self, target: object, space: Space, **options: Unpack[TuneOptions]) -> Run:
        """Start a search for the parameters with the best `metric`, an output of the target; returns once it is stored.

        space: by parameter, see `kflite.space`. options: see `kflite.runs.options.TuneOptions`. `Tuning` reads the trials.
        """
        search, record = tune_options(space, options, "tune")
        loaded, parameters = await load(self.session, target), options.get("parameters") or {}
        return await self.start(
            await asyncio.to_thread(tuning_submission, loaded, search, parameters, record, self._submit_context())
        )

    def _submit_context(self) -> SubmitContext:
        """The context of a submission in a thread, which asks the session for artifacts in the event loop."""
        loop = asyncio.get_running_loop()

        def find(id: str) -> ArtifactRow:
            return asyncio.run_coroutine_threadsafe(self.session.artifact(id), loop).result()

        return SubmitContext(self.settings.on, self.settings.artifacts, find, self.settings.profile)

    async def start(self, submission: Submission) -> Run:
        """Start a prepared submission."""
        return self._handle(await self.session.submit(submission))

    async def clone(self, run: str, parameters: Mapping[str, RunInput] | None = None) -> Run:
        """Run a run again, with these parameters and artifacts changed."""
        return await self.start(await self.session.clone(run, parameters or {}))

    async def retry(self, run: str, changed: object = None, *, keep: bool = False, tasks: Sequence[str] = ()) -> Run:
        """Run again what did not succeed in an ended run; successful tasks are kept.

        changed: the target as it is now: steps that have changed are done again, and what follows from them; with `keep` only
        what had not succeeded. tasks: names of tasks that are done again too, and what follows from them. Raises InputError.
        """
        target = None if changed is None else await load(self.session, changed)
        return self._handle(await self.session.retry(run, target, keep, tasks))

    async def resume(self, run: str) -> Run:
        """Continue a run whose scheduler is gone."""
        return self._handle(await self.session.resume(run))

    async def resume_all(self) -> list[Run]:
        """Continue all runs whose schedulers are gone."""
        return [self._handle(record) for record in await self.session.resume_all()]

    async def take(self, run: str) -> Run:
        """Adopt a run as soon as it has no owner. It was left to this client, but another may be faster."""
        return self._handle(await self.session.take(run))

    async def orphans(self) -> list[str]:
        """Ids of unended runs without a scheduler."""
        return await self.session.orphans()

    # Runs that go on, here or in another process.

    async def ended(self, run: str) -> State:
        """Wait for a run's end. Raises the StoreError that stopped it."""
        return await self.session.ended(run)

    async def cancel(self, run: str, reason: str = "cancelled", *, kill: bool = False) -> None:
        """Stop a run, through its scheduler, or in this client if it has none. kill: at once, with no time to end."""
        await self.session.cancel(run, reason, kill)

    # What is stored.

    async def run(self, run: str) -> Run:
        """The run with this id or unique prefix of an id. Raises NotFound."""
        return self._handle(await self.session.run(run))

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

        Their tasks and inputs are there after `await run.load()`.

        where: an expression such as `param.c>0.3 not label.team=a`, see `kflite.store.search.where`.
        archived: only those; None: all. sort: a field of such expressions; times and numbers fall, texts rise, unless `reverse`.
        """
        query = Query(where, state, experiment, archived, sort, reverse, after, limit)
        return [Run(self.session, self._followers, record, loaded=False) for record in await self.session.runs(query)]

    async def archive(self, *runs: str) -> None:
        """Hide ended runs from listings; nothing is deleted. Raises InputError for an unended one."""
        await self.session.archive(runs, archived=True)

    async def unarchive(self, *runs: str) -> None:
        """Show archived runs in listings again."""
        await self.session.archive(runs, archived=False)

    async def label(self, run: str, labels: Mapping[str, str | None]) -> None:
        """Set labels of a run, and remove those that are None. Raises InputError."""
        await self.session.label(run, labels)

    async def compare(self, *runs: Run | str) -> Comparison:
        """Compare runs, given as handles, ids or unique prefixes of ids, with the first one. Raises InputError, NotFound."""
        from kflite.client.comparison import compare

        handles = [await self.run(run) if isinstance(run, str) else run for run in runs]
        for handle in handles:
            if not handle.loaded:
                await handle.load()
        return await asyncio.to_thread(compare, *handles)

    async def artifacts(self, run: str = "", limit: int = 1000) -> list[ArtifactRow]:
        """The artifacts of one run or of all."""
        return await self.session.artifacts(run, limit)

    async def lineage(self, of: str, *, up: bool = True, down: bool = True) -> Lineage:
        """The sources of an artifact (by id, path or URI) or task (RUN/TASK), and what was made from it, across runs."""
        return await self.session.lineage(of, up, down)

    async def cached(self, pipeline: str = "", limit: int = 100) -> list[CacheRow]:
        """Cached results, the newest first."""
        return await self.session.cached(pipeline, limit)

    async def delete_cached(self, keys: Sequence[str]) -> int:
        """Remove cached results; returns how many there were."""
        return await self.session.delete_cached(keys)

    async def delete(self, run: str) -> None:
        """Remove an ended run: its record, logs and artifacts."""
        await self.session.delete(run)

    def _handle(self, record: RunRecord) -> Run:
        return Run(self.session, self._followers, record)
