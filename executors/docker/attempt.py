"""An attempt, from the time that its containers are known to the time that nothing of them is left."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from kflite.executors.docker import ending, names
from kflite.executors.docker.daemon import Gone, Refused, State
from kflite.executors.docker.launch import Shared, remove
from kflite.executors.docker.names import Box, Ref
from kflite.executors.docker.output import Copy, Log, catch_up, kept
from kflite.executors.process import folder
from kflite.executors.process.message import Ending
from kflite.job import Exit

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
        found = folder.read_exit(str(self._ref.folder)) if look else None
        result = found or await self._outcome(look)
        try:
            await remove(self._shared.daemon, self._ref.group)
        except Gone:
            self._shared.left.add(self._ref.group)
        return Exit(result["code"], result["reason"], result["message"], result["lost"])

    async def _outcome(self, look: bool) -> Ending:
        try:
            if look and not await self._look():
                result = _ending(ending.lost("its containers are gone: somebody removed them"))
            else:
                result = await self._follow_all()
        except (Gone, Refused) as error:
            result = _ending(ending.lost(str(error)))
        return self._keep(result)

    def _keep(self, result: Ending) -> Ending:
        """Write how it ended to its folder, unless another executor did so and removed the containers before we looked."""
        path = str(self._ref.folder)
        if result["lost"] and (other := folder.read_exit(path)):
            return other
        if self._ref.folder.exists():
            folder.write_exit(path, result)
        return result

    async def _look(self) -> bool:
        """Find the containers; whether all of them are there."""
        label = {"label": [f"{names.GROUP}={self._ref.group}"]}
        found = await self._shared.daemon.call(lambda client: client.containers(all=True, filters=label)) or []
        boxes = sorted((Box.of(box["Id"], box["Labels"], found=True) for box in found), key=lambda box: box.rank)
        self._boxes = dict.fromkeys(boxes)
        return bool(boxes) and len(boxes) == boxes[0].replicas

    async def _follow_all(self) -> Ending:
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
        return await self._shared.daemon.call(partial(catch_up, container=box.id, log=Log(box.log, box.offset)))

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

    def _verdict(self) -> Ending:
        """How it ended as a whole: as the replica that failed first did."""
        ends = [self._exits[box] for box in self._boxes]
        failed = self._culprit or next((box for box in self._boxes if self._exits[box].code), None)
        first = self._exits[failed] if failed else ends[0]
        if len(ends) == 1 or not failed:
            return _ending(first, ends if len(ends) > 1 else [])
        return _ending(replace(first, message=f"{failed.name}: {first.message}"), ends)


def _ending(exit: Exit, replicas: Sequence[Exit] = ()) -> Ending:
    ends = [_ending(replica) for replica in replicas]
    return {"code": exit.code, "reason": exit.reason, "message": exit.message, "lost": exit.lost, "replicas": ends}


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error that is no group."""
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _kill(container: str, signal: str, client: APIClient) -> None:
    client.kill(container, signal)
