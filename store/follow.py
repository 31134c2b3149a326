"""Following events, also those of other processes, with no polling: the store's bell wakes the follower."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager

from kflite.core.event import Event
from kflite.core.event_kind import Kind
from kflite.store.connection import Connection, Listener
from kflite.store.database import Database

# A ring may be lost; so long after it one looks by oneself, in seconds.
LOOK_ANYWAY_S = 5.0
# Requests are rare, and most rings tell of what the scheduler has stored itself: so long they may gather, in seconds.
GATHER_S = 0.05


async def follow(store: Database, run: str = "", after: int = 0) -> AsyncGenerator[list[Event], None]:
    """Batches of events after number `after`, of one run or all, as they are stored. Ends when the caller does."""
    async with aclosing(_batches(store, lambda seen: store.events(run, seen), after)) as batches:
        async for batch in batches:
            yield batch


async def news(store: Database, kinds: Sequence[Kind]) -> AsyncGenerator[Event, None]:
    """Events of some kinds, of all runs, from now on."""
    last = await asyncio.to_thread(store.last)
    async with aclosing(_batches(store, lambda seen: store.of_kinds(kinds, seen), last, GATHER_S)) as batches:
        async for batch in batches:
            for event in batch:
                yield event


async def _batches(
    store: Database, read: Callable[[int], list[Event]], seen: int, gather_s: float = 0.0
) -> AsyncGenerator[list[Event], None]:
    async with _rings(store.connection) as ring:
        while True:
            while batch := await asyncio.to_thread(read, seen):
                seen = batch[-1].seq
                yield batch
            await ring()
            await asyncio.sleep(gather_s)


@asynccontextmanager
async def _rings(connection: Connection) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Gives a function that waits for the next ring."""
    listener = _Listener(connection)
    await listener.listen()
    try:
        yield listener.ring
    finally:
        listener.close()


class _Listener:
    """Keeps an ear at the bell, and takes another when it goes deaf."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._loop, self._rung = asyncio.get_running_loop(), asyncio.Event()
        self._ear: Listener | None = None

    async def listen(self) -> None:
        """Get an ear. Raises StoreError."""
        self._ear = await asyncio.to_thread(self._connection.ear)
        self._loop.add_reader(self._ear, self._heard)

    def _heard(self) -> None:
        if self._ear and not self._ear.clear():
            self.close()
        self._rung.set()

    async def ring(self) -> None:
        """Wait for the next ring, or for the time to look anyway."""
        if not self._ear:  # what rang meanwhile was not heard
            await self.listen()
            return
        try:
            async with asyncio.timeout(LOOK_ANYWAY_S):
                await self._rung.wait()
        except TimeoutError:
            return
        finally:
            self._rung.clear()

    def close(self) -> None:
        """Listen no more."""
        if self._ear:
            self._loop.remove_reader(self._ear)
            self._ear.close()
            self._ear = None
