"""An attempt, from the time that its containers are known to the time that nothing of them is left."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from kflite.core.job import Exit
from kflite.executors import record
from kflite.executors.docker import ending, names
from kflite.executors.docker.daemon import Gone, Refused, State
from kflite.executors.docker.launch import Shared, remove
from kflite.executors.docker.names import Box
from kflite.executors.docker.output import Copy, Log, catch_up, kept
from kflite.executors.ref import Ref
from kflite.executors.status import lost
from kflite.executors.volumes import clear

if TYPE_CHECKING:
    from docker import APIClient

_OUTPUT_S = 30.0  # longest time between a container's end and that of its output
_NOT_THERE, _NOT_RUNNING = 404, 409


class Attempt:
    """Waits for an attempt's containers, keeps how it ended in its folder, then removes them. `end` is done after that.

    launched: its containers with the copies of their output, None to look for them by their labels.
    """

    def __init__(self, shared: Shared, ref: Ref, launched: Sequence[tuple[Box, Copy | None]] | None = None) -> None:
        self._shared, self._ref = shared, ref
        self._breaks = shared.daemon.breaks
        self._boxes: dict[Box, Copy | None] = dict(launched or ())
        self._exits: dict[Box, Exit] = {}
        self._culprit: Box | None = None
        self._stopped = False
        self._known, self._all_ended = asyncio.Event(), asyncio.Event()
        self.end = asyncio.create_task(self._see_out(look=launched is None))

    def close(self) -> None:
        """Let go of it; its containers go on."""
        self.end.cancel()
        for copy in self._boxes.values():
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
        """A signal to each container that runs."""
        kill = [
            self._shared.daemon.call(partial(_kill, box.id, signal), accept=(_NOT_THERE, _NOT_RUNNING))
            for box in self._boxes
            if box not in self._exits
        ]
        await asyncio.gather(*kill)

    async def _see_out(self, look: bool) -> Exit:
        exit = record.read(self._ref.folder) if look else None
        exit = exit or self._keep(await self._outcome(look))
        if self._ref.group not in self._shared.left:
            with suppress(Gone):
                await remove(self._shared.daemon, self._ref.group)
        await asyncio.to_thread(clear, self._ref.folder)
        return exit

    async def _outcome(self, look: bool) -> Exit:
        try:
            if look and not await self._look():
                return lost("its containers are gone: somebody removed them")
            return await self._follow_all()
        except Gone as error:
            self._shared.left.add(self._ref.group)
            return lost(str(error))
        except Refused as error:
            return lost(str(error))

    def _keep(self, exit: Exit) -> Exit:
        """Write how it ended to its folder, unless another executor did so and removed the containers before we looked."""
        if not self._ref.folder.exists():
            return exit
        ends = [self._exits.get(box, exit) for box in self._boxes]
        try:
            record.write(self._ref.folder, exit, ends if len(ends) > 1 else [])
        except OSError:  # the disk is full: whoever waits now is told all the same
            return exit
        return record.read(self._ref.folder) or exit

    async def _look(self) -> bool:
        """Find the containers; whether all of them are there."""
        label = {"label": [f"{names.GROUP}={self._ref.group}"]}
        found = await self._shared.daemon.call(lambda client: client.containers(all=True, filters=label)) or []
        boxes = sorted((Box.of(box["Id"], box["Labels"], found=True) for box in found), key=lambda box: box.rank)
        self._boxes = dict.fromkeys(boxes)
        return bool(boxes) and len(boxes) == boxes[0].replicas

    async def _follow_all(self) -> Exit:
        await self._shared.watch.connected()
        self._known.set()
        try:
            async with asyncio.TaskGroup() as group:
                for box in self._boxes:
                    group.create_task(self._follow(box, group))
        except BaseExceptionGroup as errors:
            raise _first(errors) from errors
        return self._verdict()

    async def _follow(self, box: Box, group: asyncio.TaskGroup) -> None:
        copy = self._boxes[box]
        if copy is None:
            copy = self._boxes[box] = await self._resume(box)
            state, memory = await self._inspect(box)
        else:
            state, memory = {"Status": "running"}, 0
        while state and ending.runs(state):
            await self._shared.watch.ended(box.id)
            self._shared.watch.forget(box.id)
            self._shared.watch.ended(box.id)
            state, memory = await self._inspect(box)
        self._shared.watch.forget(box.id)
        error = await self._finish(box, copy)
        broke = self._shared.daemon.breaks != self._breaks
        self._note(box, ending.judge(state, box.log, memory, broke), error, group)

    async def _inspect(self, box: Box) -> tuple[State | None, int]:
        """The container's state and its limit of memory in bytes; None when it is gone."""
        found = await self._shared.daemon.call(lambda client: client.inspect_container(box.id), accept=(_NOT_THERE,))
        return (found["State"], found["HostConfig"]["Memory"]) if found else (None, 0)

    async def _resume(self, box: Box) -> Copy:
        """Go on copying the output where a dead scheduler ended."""
        source = await self._shared.daemon.call(lambda client: kept(client, box.id, follow=True))
        assert source is not None
        return Copy(source, Log(box.log, box.offset))

    async def _finish(self, box: Box, copy: Copy) -> OSError | None:
        """Let the copy come to its end, and complete it if the connection broke."""
        done, _ = await asyncio.wait({copy.done}, timeout=_OUTPUT_S)
        if not done:
            copy.close()
            await copy.done
        if done and self._shared.daemon.breaks == self._breaks:
            return copy.done.result()
        try:
            return await self._shared.daemon.call(partial(catch_up, container=box.id, log=Log(box.log, box.offset)))
        except OSError as error:
            return error

    def _note(self, box: Box, exit: Exit, error: OSError | None, group: asyncio.TaskGroup) -> None:
        if exit.code and self._stopped:
            exit = Exit(exit.code, "Stopped", "stopped on request")
        elif exit.code and self._culprit:
            exit = Exit(exit.code, "PeerFailed", f"stopped, because {self._culprit.name} failed")
        elif exit.code:
            self._culprit = box
            group.create_task(self._terminate(self._shared.settings.peer_grace_s))
        elif error:
            exit = Exit(0, "", f"the log is incomplete: {error.strerror or error}")
        self._exits[box] = exit
        if len(self._exits) == len(self._boxes):
            self._all_ended.set()

    def _verdict(self) -> Exit:
        """How it ended as a whole: as the replica that failed first did."""
        failed = self._culprit or next((box for box in self._boxes if self._exits[box].code), None)
        if not failed or len(self._boxes) == 1:
            return self._exits[failed or next(iter(self._boxes))]
        first = self._exits[failed]
        return replace(first, message=f"{failed.name}: {first.message}")


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error that is no group."""
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _kill(container: str, signal: str, client: APIClient) -> None:
    client.kill(container, signal)
