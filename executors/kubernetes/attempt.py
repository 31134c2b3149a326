"""An attempt in Kubernetes, from the creation of its pods to their removal."""

from __future__ import annotations

import asyncio
import errno
import math
from contextlib import suppress

from kflite.core.job import Exit
from kflite.errors import ExecutorError
from kflite.executors import record
from kflite.executors.exit_status import lost
from kflite.executors.exits import end_of, from_partial, from_verdict
from kflite.executors.gang import End, Verdict, verdict
from kflite.executors.kubernetes import manifest
from kflite.executors.kubernetes.api import NOT_FOUND
from kflite.executors.kubernetes.attempt_state import AttemptState
from kflite.executors.kubernetes.pod_follower import PodFollower
from kflite.executors.kubernetes.shared import ClusterShared
from kflite.executors.kubernetes.transfer import Received
from kflite.executors.ref import Ref
from kflite.executors.updates import Updates

_GONE_S = 30.0
_UNHEARD_S = 10.0  # a server that is away holds up whoever stops something no longer than that


class PodAttempt:
    """Waits for an attempt's pods, keeps how it ended in its folder, then removes them. `end` is done once its end is kept;
    `left` once nothing of it is in the cluster.
    """

    def __init__(self, shared: ClusterShared, ref: Ref, state: AttemptState | None) -> None:
        self._shared, self._ref = shared, ref
        self._state = state
        taken = Received(state.outputs if state else ())
        self.updates = Updates()
        heard = self.updates.waiting
        self._followers = [PodFollower(shared, state, pod, taken.another(), heard) for pod in state.replicas] if state else []
        self._ends: list[End] = []
        self._settled = self._stopped = False
        self._unheard = asyncio.Event()
        if self._state:
            shared.owners.begin(self._state.run)
        self.end = asyncio.create_task(self._see_out())
        self.left = asyncio.create_task(self._clear())

    def close(self) -> None:
        """Stop following the attempt; its pods go on."""
        if not self.end.done():
            self.end.cancel()
            self.left.cancel()

    async def stop(self, grace_s: float) -> None:
        """See the executor's seam."""
        self._stopped = True
        if self.end.done() and not self.left.done() and all(map(self._has_ended, self._followers)):
            with suppress(ExecutorError, TimeoutError):  # nothing runs, and what is left is removed in its turn
                async with asyncio.timeout(_UNHEARD_S):
                    await self._delete(1)
            return
        if not self.end.done():
            deleting = asyncio.create_task(self._delete(grace_s))
            await asyncio.wait({deleting}, timeout=_UNHEARD_S)
            if not deleting.done() and self._shared.api.outage.on:
                deleting.cancel()
                self._unheard.set()
                await asyncio.shield(self.end)
                return  # what is left is removed when the server answers, if we are still there
            await deleting
        await asyncio.shield(self.end)
        await asyncio.shield(self.left)

    async def _see_out(self) -> Exit:
        return record.read(self._ref.folder) or self._keep(await self._outcome())

    async def _outcome(self) -> Exit:
        if not self._state:
            return lost("nothing is known of it")
        try:
            await self._shared.watch.connected()
            if not await self._followed():
                why = f"stopped, but not told so: no answer from {self._shared.api.access.address}"
                return self._partial(Exit(-1, "Stopped", why))
        except ExecutorError as error:
            return self._partial(lost(str(error)))
        except OSError as error:
            return self._partial(Exit(1, "DiskFull" if error.errno == errno.ENOSPC else "SystemError", str(error)))
        return from_verdict(self._verdict(), self._replicas)

    async def _followed(self) -> bool:
        """Wait for all pods to end; returns whether they did so before a stop that did not reach the server."""
        following = asyncio.create_task(self._follow_all())
        unheard = asyncio.create_task(self._unheard.wait())
        try:
            await asyncio.wait({following, unheard}, return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                following.result()
            return following.done()
        finally:
            for task in (following, unheard):
                task.cancel()
            await asyncio.gather(following, unheard, return_exceptions=True)

    async def _follow_all(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for follower in self._followers:
                    group.create_task(self._follow(follower, group))
        except BaseExceptionGroup as errors:
            raise _first(errors) from errors

    async def _follow(self, follower: PodFollower, group: asyncio.TaskGroup) -> None:
        exit = await follower.follow()
        self._ends.append(end_of(follower.replica.replica, exit, self._stopped))
        if self._verdict().settled and not (self._settled or self._stopped):
            self._settled = True
            if len(self._followers) > 1:
                group.create_task(self._delete(self._shared.settings.peer_grace_s))
        if exit.lost and self._state:  # its owner may be what was deleted
            self._shared.owners.forget(self._state.run)

    @property
    def _replicas(self) -> list[tuple[str, int]]:
        return [follower.replica.replica for follower in self._followers]

    def _verdict(self) -> Verdict:
        return verdict(self._ends, self._replicas, self._state.success_roles if self._state else ())

    def _partial(self, exit: Exit) -> Exit:
        return from_partial(exit, self._verdict().ends, self._replicas)

    def _keep(self, exit: Exit) -> Exit:
        """Record the exit in its folder, unless another executor did so and removed the pods before."""
        if not self._ref.folder.exists():
            return exit
        with suppress(OSError):  # the disk is full: whoever waits now is told all the same
            record.write(self._ref.folder, exit)
        return record.read(self._ref.folder) or exit

    async def _delete(self, grace_s: float | None) -> None:
        """Delete all its pods, except those that are gone already."""
        grace = max(1, math.ceil(grace_s)) if grace_s is not None else None  # 0 would not wait for the node
        for follower in self._followers:
            follower.asked = True
        pods = [follower.replica.pod for follower in self._followers if not self._is_gone(follower.replica.pod)]
        await asyncio.gather(*(self._remove("pods", pod, grace) for pod in pods))

    def _has_ended(self, follower: PodFollower) -> bool:
        known = self._shared.watch.known(follower.replica.pod)
        return known is None or known.ended

    def _is_gone(self, pod: str) -> bool:
        known = self._shared.watch.known(pod)
        return known is not None and known.gone

    async def _gone(self, pod: str) -> None:
        """Wait until a deleted pod is gone; the node reports the end of a running one before that."""
        known = self._shared.watch.known(pod)
        while known is not None and not known.gone:
            known = await self._shared.watch.change(pod, known)

    async def _remove(self, kind: str, name: str, grace_s: int | None = None) -> None:
        api = self._shared.api
        await api.call("DELETE", api.path(kind, name), manifest.deletion(grace_s=grace_s), accept=(NOT_FOUND,))

    async def _clear(self) -> None:
        await asyncio.wait({self.end})
        if not self._state or self.end.cancelled():
            return
        try:
            if self._stopped or not all(map(self._has_ended, self._followers)):
                await self._delete(1)  # they hold a node
            else:
                async with self._shared.cleanup.turn():
                    await self._delete(1)
            with suppress(TimeoutError):  # the node is away: the cluster removes them in its own time
                async with asyncio.timeout(_GONE_S):
                    await asyncio.gather(*(self._gone(follower.replica.pod) for follower in self._followers))
            if len(self._followers) > 1:
                await self._remove("services", self._ref.group)
        except ExecutorError as error:
            with suppress(OSError):
                self._followers[0].note(f"its pods could not be removed, and may go with their run's config map later: {error}")
        for follower in self._followers:
            self._shared.watch.forget(follower.replica.pod)
        self._shared.owners.end(self._state.run)


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error that is not a group."""
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
