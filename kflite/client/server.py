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
from kflite.store.follow import news

_NEWS = (Kind.RUN_SUBMITTED, Kind.RUN_RETRIED, Kind.RUN_RESUMED, Kind.RUN_CANCEL, Kind.RUN_ENDED)


class Server:
    """Takes up every run that nobody has and that it accepts.

    say: hears a line of each run that is taken up, of its end, and of what goes wrong meanwhile. session: open, not adopting.
    """

    def __init__(self, session: LocalSession, adoption: Adoption, say: Callable[[str], None]) -> None:
        self._session, self._adoption, self._say = session, adoption, say
        self._own: set[str] = set()

    async def serve(self) -> None:
        """Until cancelled. What runs then goes on, and the next scheduler finds it."""
        await self._session.scheduler()
        async with asyncio.TaskGroup() as group:
            for work in (self._look, self._listen):
                group.create_task(self._always(work))

    async def _always(self, work: Callable[[], Coroutine[object, object, None]]) -> None:
        """Again, three times a lease, also where the store's server is gone for a while."""
        while True:
            try:
                await work()
            except StoreError as error:
                self._say(f"{error}")
            await asyncio.sleep(LEASE_S / 3)

    async def _look(self) -> None:
        for run in await self._session.orphans():
            await self._take(run)

    async def _listen(self) -> None:
        async with aclosing(news(self._session.store, _NEWS)) as events:
            async for event in events:
                await self._hear(event)

    async def _hear(self, event: Event) -> None:
        if not isinstance(event.data, RunEnded):
            await self._take(event.run)
        elif event.run in self._own:
            self._own.remove(event.run)
            self._say(f"run {event.run} {event.data.state}")

    async def _take(self, run: str) -> None:
        try:
            row = await asyncio.to_thread(self._session.store.run, run)
            if run in self._own or row.state.ended or not self._adoption.accepts(row):
                return
            if await self._session.adopt(run):
                self._own.add(run)
                self._say(f"run {run} taken up")
        except StoreError:
            raise
        except KfliteError as error:  # it is removed, or this version cannot read its plan: the others' runs go on
            self._say(f"run {run} cannot be taken up: {error}")
