"""`client.pipelines`: what is kept by name and version."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kflite.ir import Pipeline
from kflite.runs import pipelines
from kflite.store.catalogue import VersionRow

if TYPE_CHECKING:
    from kflite.client.client import Client


class Pipelines:
    """`client.pipelines`: what is uploaded. Every call raises NotFound for what is not there."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def upload(self, target: object, *, name: str = "", version: str = "", description: str = "") -> VersionRow:
        """Keep a pipeline as the newest version of `name`, its own where none is given.

        A document that is there already stays the version that it is, which is returned. Raises InputError.
        """
        loaded = self._client.target(target)
        return (await asyncio.to_thread(pipelines.upload, self._client.store, loaded, name, version, description))[0]

    async def list(self) -> Sequence[VersionRow]:
        """The newest version of each pipeline, by name."""
        rows = await asyncio.to_thread(self._client.store.catalogue.versions)
        return list({row.pipeline: row for row in reversed(rows)}.values())[::-1]

    async def versions(self, name: str) -> Sequence[VersionRow]:
        """All versions of a pipeline, the newest first."""
        await asyncio.to_thread(self._client.store.catalogue.version, name)
        return await asyncio.to_thread(self._client.store.catalogue.versions, name)

    async def get(self, name: str, version: str = "") -> Pipeline:
        """The pipeline of a version, the newest where none is named."""
        return (await asyncio.to_thread(pipelines.get, self._client.store, name, version))[1]

    async def delete(self, name: str, version: str = "") -> None:
        """Remove a version, or all of them. Runs keep what they need."""
        await asyncio.to_thread(self._client.store.catalogue.remove, name, version)
