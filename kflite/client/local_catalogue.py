"""The part of a local session that only uses the store: labels, artifacts, cached results, pipelines, experiments."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kflite.errors import KfliteError
from kflite.runs import experiments, pipelines
from kflite.runs import labels as run_labels

if TYPE_CHECKING:
    from kflite.config import Settings
    from kflite.runs.lineage import Lineage
    from kflite.store import Database
    from kflite.store.base import ArtifactRow, CacheRow, RunRow
    from kflite.store.catalogue import ExperimentRow, VersionRow
    from kflite.target import Target


class LocalCatalogue:
    """The half of a local session that needs no scheduler. Each call asks the store in a thread."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._store: Database | None = None

    async def open(self) -> None:
        from kflite import store

        self._store = await asyncio.to_thread(store.open, self.settings.store)

    async def close(self) -> None:
        opened, self._store = self._store, None
        if opened:
            await asyncio.to_thread(opened.close)

    @property
    def store(self) -> Database:
        """The open store, whose calls block. Raises KfliteError outside of the client's context."""
        if self._store is None:
            raise KfliteError("the client is not open: use it inside `async with kflite.Client() as client:`")
        return self._store

    async def label(self, run: str, labels: Mapping[str, str | None]) -> None:
        row = await asyncio.to_thread(self.store.run, run)
        await asyncio.to_thread(run_labels.label, self.store, row, labels)

    async def archive(self, runs: Sequence[str], archived: bool) -> None:
        rows = await asyncio.to_thread(self._rows, runs)
        await asyncio.to_thread(run_labels.archive if archived else run_labels.unarchive, self.store, rows)

    def _rows(self, runs: Sequence[str]) -> list[RunRow]:
        return [self.store.run(run) for run in runs]

    async def delete(self, run: str) -> None:
        from kflite.runs.delete import delete

        row = await asyncio.to_thread(self.store.run, run)
        await asyncio.to_thread(delete, self.store, row, self.settings)

    async def artifact(self, id: str) -> ArtifactRow:
        return await asyncio.to_thread(self.store.artifact, id)

    async def artifacts(self, run: str, limit: int) -> list[ArtifactRow]:
        return await asyncio.to_thread(self.store.artifacts, run, limit)

    async def lineage(self, of: str, up: bool, down: bool) -> Lineage:
        from kflite.runs.lineage import trace

        return await asyncio.to_thread(trace, self.store, of, up, down)

    async def cached(self, pipeline: str, limit: int) -> list[CacheRow]:
        return await asyncio.to_thread(self.store.cache, limit, pipeline)

    async def delete_cached(self, keys: Sequence[str]) -> int:
        return await asyncio.to_thread(self.store.delete_cached, keys)

    async def pipeline(self, name: str, version: str) -> Target:
        return await asyncio.to_thread(pipelines.uploaded, self.store, name, version)

    async def versions(self, name: str) -> list[VersionRow]:
        if name:
            await asyncio.to_thread(self.store.catalogue.version, name)
        return await asyncio.to_thread(self.store.catalogue.versions, name)

    async def upload(self, target: Target, name: str, version: str, description: str) -> VersionRow:
        return (await asyncio.to_thread(pipelines.upload, self.store, target, name, version, description))[0]

    async def remove_versions(self, name: str, version: str) -> None:
        await asyncio.to_thread(self.store.catalogue.remove, name, version)

    async def experiments(self, archived: bool | None) -> list[ExperimentRow]:
        return await asyncio.to_thread(self.store.catalogue.experiments, archived)

    async def experiment(self, name: str) -> ExperimentRow:
        return await asyncio.to_thread(self.store.catalogue.experiment, name)

    async def create_experiment(self, name: str, description: str) -> ExperimentRow:
        return await asyncio.to_thread(experiments.create, self.store, name, description)

    async def archive_experiment(self, name: str, archived: bool) -> None:
        await asyncio.to_thread(self.store.catalogue.archive, name, time.time() if archived else None)

    async def delete_experiment(self, name: str, runs: bool) -> int:
        return await asyncio.to_thread(lambda: experiments.delete(self.store, name, self.settings, runs=runs))
