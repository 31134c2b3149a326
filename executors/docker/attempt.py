"""An attempt in Docker, from the creation of its containers to their removal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from kflite.core.job import Exit, Serving
from kflite.errors import ExecutorError
from kflite.executors import record
from kflite.executors.docker import ending, names
from kflite.executors.docker.daemon import ContainerState, DaemonGone, DaemonRefused
from kflite.executors.docker.launch import DockerShared, remove
from kflite.executors.docker.names import ContainerRef
from kflite.executors.docker.output import ContainerLog, Copy, catch_up, kept
from kflite.executors.exit_status import lost
from kflite.executors.exits import end_of, from_partial, from_verdict
from kflite.executors.gang import End, Verdict, verdict
from kflite.executors.ref import Ref
from kflite.executors.serving import accepting
from kflite.executors.updates import Updates
from kflite.executors.volumes import clear

if TYPE_CHECKING:
    from docker import APIClient

_OUTPUT_S = 30.0  # longest time between a container's end and that of its output
_NOT_THERE, _NOT_RUNNING = 404, 409


class ContainerAttempt:
    """Waits for an attempt's containers, keeps how it ended in its folder, then removes them. `end` is done after that.

    launched: its containers with the copies of their output, None to look for them by their labels.
    """

    def __init__(
        self, shared: DockerShared, ref: Ref, launched: Sequence[tuple[ContainerRef, Copy | None]] | None = None
    ) -> None:
        self._shared, self._ref = shared, ref
        self._breaks = shared.daemon.breaks
        self._containers: dict[ContainerRef, Copy | None] = dict(launched or ())
        self._ends: dict[ContainerRef, End] = {}
        self._settled = self._stopped = False
        self.updates = Updates()
        self._known, self._all_ended = asyncio.Event(), asyncio.Event()
        self.end = asyncio.create_task(self._see_out(look=launched is None))

    def close(self) -> None:
        """Stop following the attempt; its containers go on."""
        self.end.cancel()
        for copy in self._containers.values():
            if copy:
                copy.close()

    async def stop(self, grace_s: float) -> None:
        """See the executor's seam."""
        self._stopped = True
        known = asyncio.create_task(self._known.wait())
        await asyncio.wait({known, self.end}, return_when=asyncio.FIRST_COMPLETED)
        known.cancel()
        if not self.end.done():
            await self._terminate(grace_s)
        await asyncio.shield(self.end)

    async def _terminate(self, grace_s: float) -> None:
        await self._signal("SIGTERM")
        try:
            async with asyncio.timeout(grace_s):
                await self._all_ended.wait()
        except TimeoutError:
            await self._signal("SIGKILL")

    async def _signal(self, signal: str) -> None:
        """Send a signal to each running container."""
        kill = [
            self._shared.daemon.call(partial(_kill, container.id, signal), accept=(_NOT_THERE, _NOT_RUNNING))
            for container in self._containers
            if container not in self._ends
        ]
        await asyncio.gather(*kill)

    async def _see_out(self, look: bool) -> Exit:
        exit = record.read(self._ref.folder) if look else None
        exit = exit or self._keep(await self._outcome(look))
        self._shared.gpus.give(self._ref.group)
        if self._ref.group not in self._shared.left:
            with suppress(DaemonGone):
                await remove(self._shared.daemon, self._ref.group)
        await asyncio.to_thread(clear, self._ref.folder)
        return exit

    async def _outcome(self, look: bool) -> Exit:
        try:
            if look and not await self._look():
                return self._lost("its containers are gone: somebody removed them")
            await self._follow_all()
        except DaemonGone as error:
            self._shared.left.add(self._ref.group)
            return self._lost(str(error))
        except DaemonRefused as error:
            return self._lost(str(error))
        return from_verdict(self._verdict(), self._replicas)

    def _keep(self, exit: Exit) -> Exit:
        """Record the exit in its folder, unless another executor did so and removed the containers before."""
        if not self._ref.folder.exists():
            return exit
        try:
            record.write(self._ref.folder, exit)
        except OSError:  # the disk is full: whoever waits now is told all the same
            return exit
        return record.read(self._ref.folder) or exit

    async def _look(self) -> bool:
        """Find the containers; returns whether all of them exist."""
        label = {"label": [f"{names.GROUP}={self._ref.group}"]}
        found = await self._shared.daemon.call(lambda client: client.containers(all=True, filters=label)) or []
        containers = sorted(
            (ContainerRef.of(container["Id"], container["Labels"], found=True) for container in found),
            key=lambda container: container.rank,
        )
        self._containers = dict.fromkeys(containers)
        if taken := [gpu for each in found for gpu in each["Labels"].get(names.GPUS, "").split(",") if gpu]:
            self._shared.gpus.note(self._ref.group, tuple(taken))
        return bool(containers) and len(containers) == containers[0].replicas

    async def _follow_all(self) -> None:
        await self._shared.watch.connected()
        self._known.set()
        serving = asyncio.create_task(self._serve())
        try:
            async with asyncio.TaskGroup() as group:
                for container in self._containers:
                    group.create_task(self._follow(container, group))
        except BaseExceptionGroup as errors:
            raise _first(errors) from errors
        finally:
            serving.cancel()

    async def _serve(self) -> None:
        """Report the addresses once all ready ports accept connections."""
        found: dict[str, str] = {}
        with suppress(ExecutorError):  # whoever waits for the containers finds out why
            for container in self._containers:
                address = await self._shared.daemon.call(partial(_address, container.id)) if container.serves else ""
                found |= {f"{container.name}/{port}": f"{address}:{number}" for port, number in container.serves.items()}
            if found:
                await accepting(found)
                self.updates.serving(Serving(found))

    async def _follow(self, container: ContainerRef, group: asyncio.TaskGroup) -> None:
        copy = self._containers[container]
        if copy is None:
            copy = self._containers[container] = await self._resume(container)
            state, memory = await self._inspect(container)
        else:
            state, memory = {"Status": "running"}, 0
        while state and ending.runs(state):
            await self._shared.watch.ended(container.id)
            self._shared.watch.forget(container.id)
            self._shared.watch.ended(container.id)
            state, memory = await self._inspect(container)
        self._shared.watch.forget(container.id)
        error = await self._finish(container, copy)
        broke = self._shared.daemon.breaks != self._breaks
        self._note(container, ending.judge(state, container.log, memory, broke), error, group)

    async def _inspect(self, container: ContainerRef) -> tuple[ContainerState | None, int]:
        """The container's state and memory limit in bytes; None if it is gone."""
        found = await self._shared.daemon.call(lambda client: client.inspect_container(container.id), accept=(_NOT_THERE,))
        return (found["State"], found["HostConfig"]["Memory"]) if found else (None, 0)

    async def _resume(self, container: ContainerRef) -> Copy:
        """Continue copying the output where a dead scheduler stopped."""
        source = await self._shared.daemon.call(lambda client: kept(client, container.id, follow=True))
        assert source is not None
        return Copy(source, ContainerLog(container.log, container.offset))

    async def _finish(self, container: ContainerRef, copy: Copy) -> OSError | None:
        """Wait for the copy to end, and complete it if the connection broke."""
        done, _ = await asyncio.wait({copy.done}, timeout=_OUTPUT_S)
        if not done:
            copy.close()
            await copy.done
        if done and self._shared.daemon.breaks == self._breaks:
            return copy.done.result()
        try:
            return await self._shared.daemon.call(
                partial(catch_up, container=container.id, log=ContainerLog(container.log, container.offset))
            )
        except OSError as error:
            return error

    def _note(self, container: ContainerRef, exit: Exit, error: OSError | None, group: asyncio.TaskGroup) -> None:
        if error and not exit.code:
            exit = Exit(0, "", f"the log is incomplete: {error.strerror or error}")
        self._ends[container] = end_of(container.replica, exit, self._stopped)
        if self._verdict().settled and not (self._settled or self._stopped):
            self._settled = True
            group.create_task(self._terminate(self._shared.settings.peer_grace_s))
        if len(self._ends) == len(self._containers):
            self._all_ended.set()

    @property
    def _replicas(self) -> list[tuple[str, int]]:
        return [container.replica for container in self._containers]

    def _verdict(self) -> Verdict:
        return verdict(list(self._ends.values()), self._replicas, next(iter(self._containers)).success_roles)

    def _lost(self, why: str) -> Exit:
        return from_partial(lost(why), self._verdict().ends if self._containers else (), self._replicas)


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error that is not a group."""
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _kill(container: str, signal: str, client: APIClient) -> None:
    client.kill(container, signal)


def _address(container: str, client: APIClient) -> str:
    networks = client.inspect_container(container)["NetworkSettings"]["Networks"]
    return next((str(network["IPAddress"]) for network in networks.values()), "")
