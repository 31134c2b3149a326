"""Follows one replica's pod to its end: sends its inputs, copies its log, and fetches its outputs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import cast

from kflite.core.job import Exit
from kflite.executors.exit_status import lost
from kflite.executors.kubernetes import claims, ending, transfer
from kflite.executors.kubernetes.api import NOT_FOUND, ClusterRefused
from kflite.executors.kubernetes.attempt_state import AttemptState, PodRef
from kflite.executors.kubernetes.ending import Trouble
from kflite.executors.kubernetes.logs import PodLog
from kflite.executors.kubernetes.objects import Pod, PodObject
from kflite.executors.kubernetes.shared import ClusterShared
from kflite.executors.kubernetes.transfer import Received, TransferFailed

_PASSING_S = 3.0  # what keeps a pod waiting for less is not worth a word
_LOG_S = 30.0  # longest time between a pod's end and that of its log


class PodFollower:
    """Follows a pod to its end. asked: whether we deleted it, so that its end is no surprise; waiting: told what it waits for, ""
    for nothing any longer.
    """

    def __init__(
        self, shared: ClusterShared, attempt: AttemptState, replica: PodRef, taken: Received, waiting: Callable[[str], None]
    ) -> None:
        self._shared, self._attempt, self.replica = shared, attempt, replica
        self.asked = False
        self._taken, self._waiting = taken, waiting
        self._over = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[object]] = {}
        self._log: PodLog | None = None
        self._trouble: tuple[str, float] = ("", 0.0)
        self._borne_s = 0.0
        self._told = False
        self._noted = ""  # our line in its log, where we wrote one
        shared.watch.keep(replica.pod)

    async def follow(self) -> Exit:
        """The pod's exit, once its log and outputs are here. Raises Gone."""
        self._shared.cleanup.goes_on(self.replica.pod)
        try:
            pod = await self._first()
            if pod is None:
                return lost("its pod is gone: somebody deleted it")
            while not pod.ended:
                self._act(pod)
                if overdue := await self._next(pod):
                    return overdue
                pod = self._shared.watch.known(self.replica.pod) or pod.as_gone()
            self._act(pod)
            return await self._finish(pod)
        finally:
            await self._leave()

    async def _first(self) -> Pod | None:
        name = self.replica.pod
        if self._shared.watch.known(name) is None:
            api = self._shared.api
            found = await api.call("GET", api.path("pods", name), accept=(NOT_FOUND,))
            if found:
                self._shared.watch.put(Pod.read(cast("PodObject", found)))
        return self._shared.watch.known(name)

    def _act(self, pod: Pod) -> None:
        """Start the transfers that the pod is ready for."""
        api, attempt = self._shared.api, self._attempt
        if pod.runs("fetch") and attempt.staged and attempt.inputs:
            self._begin("send", transfer.send(api, pod.name, attempt.inputs))
        if pod.terminated("main") or pod.ended:
            self._over.set()
        if pod.began("main") and not _simulated(pod):
            self._log = self._log or PodLog(api, pod.name, self.replica.log)
            self._begin("log", self._log.copy(self._over))
        if pod.runs("push") and attempt.staged and not _simulated(pod):
            self._begin("fetch", transfer.fetch(api, pod.name, self._taken))

    def _begin(self, what: str, work: Coroutine[object, object, object]) -> None:
        if what in self._tasks:
            work.close()
        else:
            self._tasks[what] = asyncio.create_task(work)

    async def _next(self, pod: Pod) -> Exit | None:
        """Wait for a change; returns an exit if the pod has waited for too long, or a transfer failed."""
        change = asyncio.create_task(self._shared.watch.change(self.replica.pod, pod))
        copying = {task for name, task in self._tasks.items() if name != "log" and not task.done()}
        try:
            await asyncio.wait({change, *copying}, timeout=await self._patience(pod), return_when=asyncio.FIRST_COMPLETED)
            if change.done():
                change.result()
                return None
        finally:
            change.cancel()
        if failed := self._failure("send"):
            return Exit(-1, "StagingFailed", f"the inputs did not reach the pod: {failed}", lost=True)
        if failed := self._failure("fetch"):
            return Exit(-1, "StagingFailed", f"the outputs could not be fetched: {failed}", lost=True)
        return await self._overdue(pod)

    async def _overdue(self, pod: Pod) -> Exit | None:
        """The exit of a pod that has waited for too long."""
        trouble = ending.trouble(pod, self._shared.settings)
        if trouble is None or self._since() < trouble.patience_s:
            return None
        trouble = await self._explained(pod, trouble)
        self._borne_s = trouble.patience_s
        return Exit(1, trouble.reason, trouble.message) if self._since() >= trouble.patience_s else None

    async def _patience(self, pod: Pod) -> float | None:
        """The seconds until there is something to report or to do for the pod."""
        trouble = ending.trouble(pod, self._shared.settings)
        if trouble is None:
            if self._told:
                self._waiting("")
            self._trouble, self._borne_s, self._told = ("", 0.0), 0.0, False
            return None
        if not self._trouble[0]:
            self._trouble = (trouble.reason, asyncio.get_running_loop().time())
        if self._since() >= _PASSING_S and not self._told:
            self._told = True
            self._tell(await self._explained(pod, trouble))
        left = max(trouble.patience_s, self._borne_s) - self._since()
        return max(0.0, left if self._told else min(left, _PASSING_S - self._since()))

    def _since(self) -> float:
        """How long the pod has waited, in seconds."""
        return asyncio.get_running_loop().time() - self._trouble[1]

    async def _explained(self, pod: Pod, trouble: Trouble) -> Trouble:
        if trouble.claim:
            with suppress(ClusterRefused):  # we may not look at claims or events: the pod's own word must do
                return await claims.explained(self._shared.api, pod, trouble, self._shared.settings)
        return trouble

    def _tell(self, trouble: Trouble) -> None:
        """Report what the pod waits for, also in its log while that is empty otherwise."""
        text = f"{trouble.reason}: {trouble.message}"
        self._waiting(f"{self.replica.name}: {text}" if len(self._attempt.replicas) > 1 else text)
        if self._log is None:
            self._noted = f"waiting: {text}"
            self.note(self._noted)

    def note(self, text: str) -> None:
        """Write a line of our own to the log, which nobody else writes to now."""
        with self.replica.log.open("a", encoding="utf-8") as log:
            log.write(f"{text}\n")

    async def _finish(self, pod: Pod) -> Exit:
        why = await self._end_of_log()
        exit = ending.judge(pod, self.replica.log, self._attempt.memory, self.asked, self._noted)
        if why and not (exit.lost or self.asked):
            self.note(f"the log is incomplete: {why}")
        if exit.code:
            return exit
        if self._attempt.staged and not await self._delivered(pod):
            return ending.undelivered(pod)
        return Exit(0, "", f"the log is incomplete: {why}") if why else exit

    async def _end_of_log(self) -> str:
        task = self._tasks.get("log")
        if task is None or self._log is None:
            return ""
        done, _ = await asyncio.wait({task}, timeout=_LOG_S)
        why = str(task.result()) if done else "its end did not come"
        if not why:
            self._log.done()
        return why

    async def _delivered(self, pod: Pod) -> bool:
        """Whether all outputs are here. Raises OSError."""
        push = pod.terminated("push")
        if push and push.get("exitCode") == 0:
            if message := push.get("message"):
                transfer.unpack(message, self._taken)
                return True
            if "fetch" not in self._tasks:
                return _simulated(pod)
        if task := self._tasks.get("fetch"):
            await asyncio.wait({task}, timeout=_LOG_S if pod.ended else None)
            return task.done() and not self._failure("fetch")
        return False

    def _failure(self, what: str) -> BaseException | None:
        """The error of a failed transfer. Raises other errors."""
        task = self._tasks.get(what)
        if task is None or not task.done() or task.cancelled():
            return None
        error = task.exception()
        if error is not None and not isinstance(error, TransferFailed):
            raise error
        return error

    async def _leave(self) -> None:
        self._shared.cleanup.ends(self.replica.pod)
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        if self._log is not None:
            self._log.close()


def _simulated(pod: Pod) -> bool:
    """Whether the node only simulates containers: kwok's have no id."""
    main = pod.terminated("main")
    return main is not None and "containerID" not in main
