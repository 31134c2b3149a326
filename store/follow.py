"""Following events, also those of other processes, with no polling: the store's bell wakes the follower."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from kflite.event import Event
from kflite.store.database import Database

# A ring may be lost; so long after it one looks by oneself, in seconds.
LOOK_ANYWAY_S = 5.0


async def follow(store: Database, run: str = "", after: int = 0) -> AsyncIterator[list[Event]]:
    """Batches of events after number `after`, of one run or all, as they are stored. Ends when the caller does."""
    async for batch in _batches(store, lambda seen: store.events(run, seen), after):
        yield batch


async def requests(store: Database) -> AsyncIterator[Event]:
    """What other processes ask of the schedulers, from now on."""
    async for batch in _batches(store, store.requests, await asyncio.to_thread(store.last)):
        for event in batch:
            yield event


async def _batches(store: Database, read: Callable[[int], list[Event]], seen: int) -> AsyncIterator[list[Event]]:
    async with _rings(store) as ring:
        while True:
            while batch := await asyncio.to_thread(read, seen):
                seen = batch[-1].seq
                yield batch
            await ring()


@asynccontextmanager
async def _rings(store: Database) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Gives a function that waits for the next ring."""
    loop, rung = asyncio.get_running_loop(), asyncio.Event()
    ear = store.connection.ear()

    def heard() -> None:
        ear.clear()
        rung.set()

    async def ring() -> None:
        try:
            async with asyncio.timeout(LOOK_ANYWAY_S):
                await rung.wait()
        except TimeoutError:
            return
        finally:
            rung.clear()

    loop.add_reader(ear, heard)
    try:
        yield ring
    finally:
        loop.remove_reader(ear)
        ear.close()
