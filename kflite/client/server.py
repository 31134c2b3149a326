"""A scheduler that stays: it runs what is submitted to its store, and what dead schedulers left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing

from kflite.client.local_session import LocalSession
from kflite.core.event import Event
from kflite.core.event_kind import Kind
from kflite.core.run_event import RunEnded
from kflite.engine.adoption import Adoption
from kflite.errors import KfliteError, StoreError
from kflite.scheduler.deps import LEASE_S
from kflite.store.follow import new_events

_KINDS = (Kind.RUN_SUBMITTED, Kind.RUN_RETRIED, Kind.RUN_RESUMED, Kind.RUN_CANCEL, Kind.RUN_ENDED)


class Server:
    """Adopts every run without an owner that it accepts.

    say: called with a line for each adopted run, its end, and errors. session: open, and not adopting by itself.
    """

    def __init__(self, session: LocalSession, adoption: Adoption, say: Callable[[str], None]) -> None:
        self._session, self._adoption, self._say = session, adoption, say
        self._adopted: set[str] = set()

    async def serve(self) -> None:
        """Serve until cancelled. What runs then goes on, and the next scheduler adopts it."""
        await self._session.scheduler()
        async with asyncio.TaskGroup() as group:
            for work in (self._adopt_orphans, self._listen):
                group.create_task(self._forever(work))

    async def _forever(self, work: Callable[[], Coroutine[object, object, None]]) -> None:
        """Repeat the work three times per lease, even when the store's server is gone for a while."""
        while True:
            try:
                await work()
            except StoreError as error:
                self._say(f"{error}")
            await asyncio.sleep(LEASE_S / 3)

    async def _adopt_orphans(self) -> None:
        for run in await self._session.orphans():
            await self._adopt(run)

    async def _listen(self) -> None:
        async with aclosing(new_events(self._session.store, _KINDS)) as events:
            async for event in events:
                await self._handle(event)

    async def _handle(self, event: Event) -> None:
        if not isinstance(event.data, RunEnded):
            await self._adopt(event.run)
        elif event.run in self._adopted:
            self._adopted.remove(event.run)
            self._say(f"run {event.run} {event.data.state}")

    async def _adopt(self, run: str) -> None:
        try:
            row = await asyncio.to_thread(self._session.store.run, run)
            if run in self._adopted or row.state.ended or not self._adoption.accepts(row):
                return
            if await self._session.adopt(run):
                self._adopted.add(run)
                self._say(f"run {run} taken up")
        except StoreError:
            raise
        except KfliteError as error:  # it was removed, or this version cannot read its plan; other runs go on
            self._say(f"run {run} cannot be taken up: {error}")
