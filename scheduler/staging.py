"""Staging of inputs: remote content is copied to where jobs see it, once for all who ask at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from kflite.core.job import Job
from kflite.core.paths import RunPaths
from kflite.core.value import Artifact
from kflite.errors import KfliteError, NotFound
from kflite.store.base import Blobs

if TYPE_CHECKING:
    from kflite.scheduler.deps import Offload

T = TypeVar("T")

_MOST_READS = 8  # at once


class Staging:
    """Copies inputs, and reads digests for cache keys."""

    def __init__(self, transfer: Offload, blobs: Blobs) -> None:
        self._transfer, self.blobs = transfer, blobs
        self._under_way: dict[tuple[object, ...], asyncio.Future[Any]] = {}
        self._reads = asyncio.Semaphore(_MOST_READS)

    async def bring(self, job: Job, paths: RunPaths, inputs: Mapping[str, Sequence[Artifact]]) -> None:
        """Make all inputs of a job available to it. Raises KfliteError, NotFound for a missing one, OSError."""
        by_uri = {artifact.uri: (name, artifact) for name, group in inputs.items() for artifact in group}
        for uri, path in job.fetch:
            name, artifact = by_uri[uri]
            if not self.blobs.is_remote(uri) and path == paths.path(uri):  # not copied to a workspace
                if (artifact.digest or artifact.outside) and not path.exists():
                    raise NotFound(f"input {name!r}: nothing is at {path}")
            elif artifact.outside:
                fetched_for = "" if artifact.outside == "any" else artifact.outside
                await self._once(name, self.blobs.bring, uri, path, paths.staging, fetched_for)
            elif not path.exists():
                await self._once(name, self.blobs.fetch, uri, path)

    async def contents(self, uris: Iterable[str]) -> dict[str, str]:
        """The digest of the content at each URI, "" where it is unknown."""
        return {uri: await self._content(uri) for uri in dict.fromkeys(uris)}

    async def _content(self, uri: str) -> str:
        try:
            async with self._reads:
                digest, _ = await self._shared(self.blobs.content, uri)
        except (KfliteError, OSError):  # the task that reads it will fail and report it
            return ""
        return digest

    async def _once(self, name: str, function: Callable[..., None], uri: str, path: Path, *more: object) -> None:
        try:
            await self._shared(function, uri, path, *more)
        except NotFound as error:
            raise NotFound(f"input {name!r}: {error}") from error
        except KfliteError as error:
            raise KfliteError(f"input {name!r}: {error}") from error

    async def _shared(self, function: Callable[..., T], *args: object) -> T:
        """The call's result. Equal calls under way are shared, and one who stops waiting does not end them."""
        key = (function, *args)
        if key not in self._under_way:
            self._under_way[key] = asyncio.ensure_future(self._transfer(function, *args))
            self._under_way[key].add_done_callback(lambda _: self._under_way.pop(key))
        return await asyncio.shield(self._under_way[key])
