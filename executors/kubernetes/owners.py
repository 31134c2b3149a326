"""The config map of each run, which owns its objects: deleting it makes the cluster delete them all."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

from kflite.errors import ExecutorError
from kflite.executors.kubernetes import manifest, names
from kflite.executors.kubernetes.api import CONFLICT, NOT_FOUND, Api
from kflite.executors.kubernetes.options import KubernetesOptions
from kflite.executors.kubernetes.pod_watch import PodWatch

_IDLE_S = 60.0  # a run that has had no attempt for so long has probably ended; its next one would make the map again


def program() -> str:
    """The text of the staging program."""
    return (Path(__file__).parent / "program.py").read_text("utf-8")


class Owners:
    """Creates the config maps of runs, and deletes those of ended runs."""

    def __init__(self, api: Api, watch: PodWatch, settings: KubernetesOptions) -> None:
        self._api, self._watch, self._settings = api, watch, settings
        self._program = program()
        self._uids: dict[str, asyncio.Task[str]] = {}
        self._attempts: Counter[str] = Counter()
        self._idle: dict[str, asyncio.Task[None]] = {}
        self._kept: set[str] = set()

    async def uid(self, run: str) -> str:
        """The uid of the run's config map, created if missing. Raises Refused, Gone."""
        if run not in self._uids:
            self._uids[run] = asyncio.create_task(self._make(run))
        try:
            return await asyncio.shield(self._uids[run])
        except ExecutorError:
            self.forget(run)
            raise

    def mine(self) -> set[str]:
        """The config maps of runs that have attempts here."""
        return set(map(names.owner, self._attempts))

    def forget(self, run: str) -> None:
        """The config map may be gone, so the next attempt checks."""
        self._uids.pop(run, None)

    @contextmanager
    def needed(self, run: str) -> Iterator[None]:
        """A context in which the run keeps its config map, even if what needs it fails."""
        self.begin(run)
        try:
            yield
        finally:
            self.end(run)

    def keep(self, run: str) -> None:
        """Keep the config map, as it owns what later attempts need."""
        self._kept.add(run)

    def begin(self, run: str) -> None:
        """Count an attempt of the run."""
        self._attempts[run] += 1
        if idle := self._idle.pop(run, None):
            idle.cancel()

    def end(self, run: str) -> None:
        """An attempt of the run has ended and is removed."""
        self._attempts[run] -= 1
        if not self._attempts[run]:
            self._idle[run] = asyncio.create_task(self._later(run))

    async def close(self) -> None:
        """Delete the config maps of runs without attempts."""
        for task in self._idle.values():
            task.cancel()
        await asyncio.gather(*self._idle.values(), return_exceptions=True)
        await asyncio.gather(*(self._delete(run) for run in self._idle), return_exceptions=True)

    async def _later(self, run: str) -> None:
        await asyncio.sleep(self._settings.push_s if run in self._kept else _IDLE_S)
        if not self._watch.busy(names.label(run)):
            await self._delete(run)
            self._idle.pop(run, None)

    async def _delete(self, run: str) -> None:
        uid = await self.uid(run) if run in self._uids else ""
        self.forget(run)
        self._attempts.pop(run, None)
        self._kept.discard(run)
        body = manifest.deletion(uid)
        with suppress(ExecutorError):  # whatever is left is found by its labels
            await self._api.once("DELETE", self._api.path("configmaps", names.owner(run)), body)

    async def _make(self, run: str) -> str:
        body = manifest.owner(run, self._program, self._settings)
        while True:
            made = await self._api.call("POST", self._api.path("configmaps"), body, accept=(CONFLICT,))
            made = made or await self._api.call("GET", self._api.path("configmaps", names.owner(run)), accept=(NOT_FOUND,))
            if made:
                return cast("dict[str, str]", made["metadata"])["uid"]
