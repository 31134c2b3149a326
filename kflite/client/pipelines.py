"""`client.pipelines`: uploaded pipelines and their versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kflite.client.targets import load

if TYPE_CHECKING:
    from kflite.client.session import Session
    from kflite.ir import Pipeline
    from kflite.store.catalogue import VersionRow


class Pipelines:
    """`client.pipelines`: uploaded pipelines. Calls raise NotFound for unknown ones."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def upload(self, target: object, *, name: str = "", version: str = "", description: str = "") -> VersionRow:
        """Keep a pipeline as the newest version of `name`, its own where none is given.

        A document that is there already stays the version that it is, which is returned. Raises InputError.
        """
        return await self._session.upload(await load(self._session, target), name, version, description)

    async def list(self) -> Sequence[VersionRow]:
        """The newest version of each pipeline, by name."""
        rows = await self._session.versions("")
        return list({row.pipeline: row for row in reversed(rows)}.values())[::-1]

    async def versions(self, name: str) -> Sequence[VersionRow]:
        """All versions of a pipeline, the newest first."""
        return await self._session.versions(name)

    async def get(self, name: str, version: str = "") -> Pipeline:
        """The pipeline of a version, by default the newest."""
        target = await self._session.pipeline(name, version)
        assert target.pipeline
        return target.pipeline

    async def delete(self, name: str, version: str = "") -> None:
        """Remove a version, or all of them. Runs keep their documents."""
        await self._session.remove_versions(name, version)
