"""`client.experiments`: what runs are grouped by."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kflite.runs import experiments
from kflite.store.catalogue import ExperimentRow

if TYPE_CHECKING:
    from kflite.client.client import Client


class Experiments:
    """`client.experiments`. Every call raises NotFound for what is not there."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def create(self, name: str, description: str = "") -> ExperimentRow:
        """A new experiment. Raises InputError where there is one of this name."""
        return await asyncio.to_thread(experiments.create, self._client.store, name, description)

    async def list(self, archived: bool | None = False) -> Sequence[ExperimentRow]:
        """All, the newest first. archived: only those, None: these too."""
        return await asyncio.to_thread(self._client.store.catalogue.experiments, archived)

    async def get(self, name: str) -> ExperimentRow:
        """One, with the count of its runs."""
        return await asyncio.to_thread(self._client.store.catalogue.experiment, name)

    async def archive(self, name: str) -> None:
        """Leave the experiment and its runs out of lists."""
        await asyncio.to_thread(self._client.store.catalogue.archive, name, time.time())

    async def unarchive(self, name: str) -> None:
        """Bring the experiment back, and those of its runs that were not archived themselves."""
        await asyncio.to_thread(self._client.store.catalogue.archive, name, None)

    async def delete(self, name: str, *, runs: bool = False) -> int:
        """Remove an experiment, and with `runs` all of its runs; returns how many. Raises InputError while it has others."""
        client = self._client
        return await asyncio.to_thread(lambda: experiments.delete(client.store, name, client.settings, runs=runs))
