"""What is known of all our pods in a namespace: one list, then one watch, whoever waits for whichever pod.

After a break the watch goes on where it was; where the server has forgotten that place (410), the list is asked for again.
Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TypedDict, cast

from kflite.errors import ExecutorError
from kflite.executors.kubernetes import warnings
from kflite.executors.kubernetes.api import EXPIRED, Api, Broken, ClusterGone, ClusterRefused
from kflite.executors.kubernetes.names import MANAGED, MANAGER, RUN
from kflite.executors.kubernetes.objects import Pod, PodObject

OURS = {"labelSelector": f"{MANAGED}={MANAGER}"}
_ROUND_S = 240  # after which the server ends a watch, and the next one begins
_QUIET_S = 90.0  # bookmarks come about once a minute: a longer silence is a broken connection
_PAUSE_S = 0.2


async def listed(api: Api) -> tuple[list[Pod], str]:
    """All our pods in the namespace, and the list's version. Raises Refused, Gone."""
    found: list[Pod] = []
    more: dict[str, str] = {}
    while True:
        page = await api.call("GET", api.path("pods"), query={**OURS, "limit": "500", **more})
        assert page is not None
        found += map(Pod.read, cast("list[PodObject]", page["items"]))
        about = cast("dict[str, str]", page["metadata"])
        if not about.get("continue"):
            return found, about["resourceVersion"]
        more = {"continue": about["continue"]}


class _Event(TypedDict):
    type: str
    object: PodObject


class PodWatch:
    """Keeps the state of pods while somebody waits for them."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._pods: dict[str, Pod] = {}
        self._kept: set[str] = set()
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}
        self._version = ""
        self._error: ExecutorError | None = None
        self._synced = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._warnings: asyncio.Task[None] | None = None

    async def connected(self) -> None:
        """Start watching; returns once all pods are known. Raises Gone, and Refused if it is not allowed."""
        if self._task is None or self._task.done():
            self._error = None
            self._task = asyncio.create_task(self._run())
            self._warnings = self._warnings or asyncio.create_task(warnings.listen(self._api, self._warn))
        synced = asyncio.create_task(self._synced.wait())
        await asyncio.wait({synced, self._task}, return_when=asyncio.FIRST_COMPLETED)
        synced.cancel()
        self._check()

    async def close(self) -> None:
        """Stop watching."""
        tasks = [task for task in (self._task, self._warnings) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def known(self, name: str) -> Pod | None:
        """The pod's last known state."""
        return self._pods.get(name)

    def all(self) -> list[Pod]:
        """The last known states of all pods."""
        return list(self._pods.values())

    def busy(self, run: str) -> bool:
        """Whether the run has an unended pod."""
        return any(pod.labels.get(RUN) == run and not pod.ended for pod in self._pods.values())

    def keep(self, name: str) -> None:
        """Remember the pod's state, even after it is gone, for those who will wait for it."""
        self._kept.add(name)

    def put(self, pod: Pod) -> None:
        """Add a pod's state from a request, unless a newer one is known."""
        self._pods.setdefault(pod.name, pod)

    def forget(self, name: str) -> None:
        """Forget the pod."""
        self._kept.discard(name)
        if (pod := self._pods.get(name)) and pod.gone:
            del self._pods[name]

    async def change(self, name: str, seen: Pod | None) -> Pod | None:
        """The pod, once its state differs from `seen`. Raises Gone when the server is away for too long."""
        while (pod := self._pods.get(name)) is seen:
            self._check()
            future = asyncio.get_running_loop().create_future()
            waiting = self._waiting.setdefault(name, set())
            waiting.add(future)
            try:
                await future
            finally:
                waiting.discard(future)
                if not waiting:
                    self._waiting.pop(name, None)
        return pod

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        self._heard = clock()
        while True:
            try:
                if not self._version:
                    await self._list()
                await self._listen()
            except (Broken, ClusterRefused) as error:
                if isinstance(error, ClusterRefused) and error.status == EXPIRED:
                    self._version = ""
                elif clock() - self._heard > self._api.reconnect_s or (
                    isinstance(error, ClusterRefused) and self._in_vain(error)
                ):
                    self._fail(error)
                    return
                await asyncio.sleep(_PAUSE_S)
            except ExecutorError as error:
                self._fail(error)
                return

    def _in_vain(self, error: ClusterRefused) -> bool:
        return error.status == 403 or self._api.in_vain(error)

    def _fail(self, error: Exception) -> None:
        self._error = error if isinstance(error, ExecutorError) else ClusterGone(self._api.access, error)
        for name in list(self._waiting):
            self._wake(name)

    async def _list(self) -> None:
        before = set(self._pods)  # what is created meanwhile is not missing
        found, self._version = await listed(self._api)
        gone = before - {pod.name for pod in found}
        missing = [pod.as_gone() for name in gone if (pod := self._pods.get(name)) and not pod.gone]
        for pod in (*found, *missing):
            self._note(pod)
        self._synced.set()

    async def _listen(self) -> None:
        clock = asyncio.get_running_loop().time
        query = {
            **OURS,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": str(_ROUND_S),
        }
        async with self._api.stream(self._api.path("pods"), query, _QUIET_S) as chunks:
            rest = b""
            self._heard = clock()
            async for chunk in chunks:
                self._heard = clock()
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._hear(json.loads(line))

    def _hear(self, event: _Event) -> None:
        if event["type"] == "ERROR":
            status = cast("dict[str, object]", event["object"])
            raise ClusterRefused(cast("int", status.get("code", 500)), str(status.get("message", "the watch failed")))
        self._version = event["object"]["metadata"]["resourceVersion"]
        if event["type"] != "BOOKMARK":
            self._note(Pod.read(event["object"], event["type"] == "DELETED"))

    def _note(self, pod: Pod) -> None:
        if pod.gone and pod.name not in self._kept:
            self._pods.pop(pod.name, None)
        else:
            known = self._pods.get(pod.name)
            self._pods[pod.name] = replace(pod, warning=known.warning) if known else pod
            self._wake(pod.name)

    def _warn(self, name: str, reason: str, message: str) -> None:
        if pod := self._pods.get(name):
            self._pods[name] = replace(pod, warning=(reason, message))
            self._wake(name)

    def _wake(self, name: str) -> None:
        for future in self._waiting.get(name, ()):
            if not future.done():
                future.set_result(None)
