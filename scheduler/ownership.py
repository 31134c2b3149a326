"""Background work of a scheduler: it renews leases, adopts orphans, and listens for requests of other processes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from kflite.core.event import Event
from kflite.errors import InputError, LeaseLost, StoreError
from kflite.scheduler.deps import SchedulerDeps, no_run


class Ownership:
    """Renews the owner's leases three times per lease, adopts runs without an owner, and passes requests on."""

    def __init__(
        self, deps: SchedulerDeps, pass_request: Callable[[Event], None], adopt: Callable[[str], Awaitable[bool]]
    ) -> None:
        self._deps, self._pass_request, self._adopt = deps, pass_request, adopt
        self._tasks: list[asyncio.Task[None]] = []

    def open(self) -> None:
        """Start the background tasks."""
        self._tasks = [asyncio.create_task(job()) for job in (self._renew, self._listen)]

    async def close(self) -> None:
        """Stop the background tasks."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _renew(self) -> None:
        deps = self._deps
        while True:
            try:
                await self._adopt_orphans()
                await deps.offload(deps.store.renew_leases, deps.owner, deps.clock(), deps.lease_s)
            except StoreError:
                # The next commit reports what is wrong with the store.
                await asyncio.sleep(0)
            await asyncio.sleep(deps.lease_s / 3)

    async def _listen(self) -> None:
        while True:
            try:
                async for event in self._deps.requests():
                    self._pass_request(event)
            except StoreError:
                await asyncio.sleep(self._deps.lease_s / 3)  # the server may come back

    async def _adopt_orphans(self) -> None:
        deps = self._deps
        if deps.accepts is no_run:
            return
        for run in await deps.offload(deps.store.orphans, deps.clock()):
            if deps.accepts(await deps.offload(deps.store.run, run)):
                with suppress(InputError, LeaseLost):  # this version cannot read its plan, or another scheduler was faster
                    await self._adopt(run)
