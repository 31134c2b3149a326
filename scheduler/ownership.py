"""What goes on beside the turns: leases are renewed, orphans taken up, and requests of other processes heard."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from kflite.core.event import Event
from kflite.errors import InputError, LeaseLost, StoreError
from kflite.scheduler.deps import SchedulerDeps, nobody


class Ownership:
    """Renews the owner's leases three times a lease, adopts runs that nobody owns, and passes on what is asked."""

    def __init__(self, deps: SchedulerDeps, hear: Callable[[Event], None], adopt: Callable[[str], Awaitable[bool]]) -> None:
        self._deps, self._hear, self._adopt = deps, hear, adopt
        self._tasks: list[asyncio.Task[None]] = []

    def open(self) -> None:
        """Begin."""
        self._tasks = [asyncio.create_task(job()) for job in (self._renew, self._listen)]

    async def close(self) -> None:
        """Stop."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _renew(self) -> None:
        deps = self._deps
        while True:
            try:
                await self._orphans()
                await deps.offload(deps.store.renew, deps.owner, deps.clock(), deps.lease_s)
            except StoreError:
                # The next commit says what is wrong with the store, and to whom.
                await asyncio.sleep(0)
            await asyncio.sleep(deps.lease_s / 3)

    async def _listen(self) -> None:
        while True:
            try:
                async for event in self._deps.requests():
                    self._hear(event)
            except StoreError:
                await asyncio.sleep(self._deps.lease_s / 3)  # its server may come back

    async def _orphans(self) -> None:
        deps = self._deps
        if deps.accepts is nobody:
            return
        for run in await deps.offload(deps.store.orphans, deps.clock()):
            if deps.accepts(await deps.offload(deps.store.run, run)):
                with suppress(InputError, LeaseLost):  # a plan that this version cannot read, or another was faster
                    await self._adopt(run)
