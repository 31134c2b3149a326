"""What schedulers that never came back left in a namespace: their runs, each of which is a config map with all that it owns."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from datetime import datetime
from typing import cast

from kflite.core.frozen import dataclass
from kflite.errors import ExecutorError
from kflite.executors.kubernetes import manifest, names
from kflite.executors.kubernetes.api import NOT_FOUND, Api, Broken
from kflite.executors.kubernetes.objects import Metadata, Pod
from kflite.executors.kubernetes.pod_watch import OURS, PodWatch, listed

_FIRST_S, _AGAIN_S = 60.0, 6 * 3600.0  # after an executor has begun, and between two looks
_PAGE = "100"  # config maps at once


@dataclass(frozen=True, slots=True)
class Left:
    """A run that has something in the namespace, by its config map. pods: how many there are, busy: those that have not ended.

    quiet_s: seconds since anything of it was made, or changed.
    """

    run: str
    owner: str
    uid: str
    pods: int
    busy: int
    quiet_s: float


async def runs(api: Api, pods: Iterable[Pod]) -> list[Left]:
    """All runs that have a config map; pods: all of ours. Raises Refused, Gone."""
    by_run: dict[str, list[Pod]] = {}
    for pod in pods:
        if not pod.gone:
            by_run.setdefault(pod.labels.get(names.RUN, ""), []).append(pod)
    return [_left(about, by_run.get((about.get("labels") or {}).get(names.RUN, ""), [])) for about in await _owners(api)]


async def look(api: Api) -> list[Left]:
    """As `runs`, for who watches no pods."""
    pods, _ = await listed(api)
    return await runs(api, pods)


async def remove(api: Api, owner: str, uid: str = "") -> bool:
    """Remove a run's config map, and so all that it owns; returns whether it was there. Raises Refused, Gone."""
    return await api.call("DELETE", api.path("configmaps", owner), manifest.deletion(uid), accept=(NOT_FOUND,)) is not None


class Sweep:
    """Removes runs of which nothing has run for longer than `kept_s`, whichever scheduler they were of.

    A live scheduler removes what has ended at once, so that those are of dead ones. mine: gives the config maps of our own runs.
    """

    def __init__(self, api: Api, watch: PodWatch, kept_s: float, mine: Callable[[], Collection[str]]) -> None:
        self._api, self._watch, self._kept_s, self._mine = api, watch, kept_s, mine
        self._task: asyncio.Task[None] | None = None
        self._swept = False

    def begin(self) -> None:
        """Sweep a while from now, and now and then after that."""
        self._task = self._task or asyncio.create_task(self._by_and_by())

    async def close(self) -> None:
        """Sweep where it had begun and its turn had not come."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            if not (self._swept or self._api.outage.on):
                await self._once()

    async def _by_and_by(self) -> None:
        await asyncio.sleep(_FIRST_S)
        while True:
            await self._once()
            await asyncio.sleep(_AGAIN_S)

    async def _once(self) -> None:
        self._swept = True
        with suppress(ExecutorError, Broken):  # we may not list them, or nobody answers: others will sweep
            for left in await runs(self._api, self._watch.all()):
                if not left.busy and left.quiet_s > self._kept_s and left.owner not in self._mine():
                    await remove(self._api, left.owner, left.uid)


async def _owners(api: Api) -> list[Metadata]:
    found: list[Metadata] = []
    more: dict[str, str] = {}
    while True:
        page = await api.call("GET", api.path("configmaps"), query={**OURS, "limit": _PAGE, **more})
        assert page is not None
        items = cast("list[dict[str, Metadata]]", page["items"])
        found += [about for item in items if names.RUN in ((about := item["metadata"]).get("labels") or {})]
        if not (after := cast("dict[str, str]", page["metadata"]).get("continue")):
            return found
        more = {"continue": after}


def _left(about: Metadata, pods: Collection[Pod]) -> Left:
    last = max([about["creationTimestamp"], *(pod.changed for pod in pods)])
    quiet = time.time() - datetime.fromisoformat(last).timestamp()
    busy = sum(not pod.ended for pod in pods)
    return Left(about["labels"][names.RUN], about["name"], about["uid"], len(pods), busy, quiet)
