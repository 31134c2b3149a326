"""Inputs on their way: what lies elsewhere is brought to where jobs see it, once for all who ask at the same time."""

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

_LOOKS = 8  # at once


class Staging:
    """Brings inputs, and looks at their content where it decides a cache key."""

    def __init__(self, transfer: Offload, blobs: Blobs) -> None:
        self._transfer, self.blobs = transfer, blobs
        self._going: dict[tuple[object, ...], asyncio.Future[Any]] = {}
        self._room = asyncio.Semaphore(_LOOKS)

    async def bring(self, job: Job, place: RunPaths, inputs: Mapping[str, Sequence[Artifact]]) -> None:
        """Have all inputs of a job where it sees them. Raises KfliteError, NotFound for one that is gone, OSError."""
        known = {artifact.uri: (name, artifact) for name, group in inputs.items() for artifact in group}
        for uri, path in job.fetch:
            name, artifact = known[uri]
            if not self.blobs.is_remote(uri) and path == place.path(uri):  # not copied to a workspace
                if (artifact.digest or artifact.outside) and not path.exists():
                    raise NotFound(f"input {name!r}: nothing is at {path}")
            elif artifact.outside:
                since = "" if artifact.outside == "any" else artifact.outside
                await self._once(name, self.blobs.bring, uri, path, place.staging, since)
            elif not path.exists():
                await self._once(name, self.blobs.fetch, uri, path)

    async def contents(self, uris: Iterable[str]) -> dict[str, str]:
        """What stands for the content at each URI, "" where that cannot be told."""
        return {uri: await self._content(uri) for uri in dict.fromkeys(uris)}

    async def _content(self, uri: str) -> str:
        try:
            async with self._room:
                digest, _ = await self._shared(self.blobs.content, uri)
        except (KfliteError, OSError):  # the task that reads it will fail by that, and say so
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
        """The call's result; who asks for a call that is under way waits for that one, and may leave without ending it."""
        key = (function, *args)
        if key not in self._going:
            self._going[key] = asyncio.ensure_future(self._transfer(function, *args))
            self._going[key].add_done_callback(lambda _: self._going.pop(key))
        return await asyncio.shield(self._going[key])
