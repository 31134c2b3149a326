"""Following events, those of other processes too, without polling: the store notifies its followers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager

from kflite.core.event import Event
from kflite.core.event_kind import Kind
from kflite.store.connection import Connection, Listener
from kflite.store.database import Database

# Notifications may be lost, so a follower reads anyway after so many seconds.
POLL_S = 5.0
# Most notifications are of the scheduler's own events, so those for requests, which are rare, are collected for so many seconds.
GATHER_S = 0.05


async def follow(store: Database, run: str = "", after: int = 0) -> AsyncGenerator[list[Event], None]:
    """Batches of events after number `after`, of one run or of all, as they are stored. It never ends by itself."""
    async with aclosing(_batches(store, lambda seen: store.events(run, seen), after)) as batches:
        async for batch in batches:
            yield batch


async def new_events(store: Database, kinds: Sequence[Kind]) -> AsyncGenerator[Event, None]:
    """Events of some kinds, of all runs, from now on."""
    last = await asyncio.to_thread(store.last_seq)
    async with aclosing(_batches(store, lambda seen: store.of_kinds(kinds, seen), last, GATHER_S)) as batches:
        async for batch in batches:
            for event in batch:
                yield event


async def _batches(
    store: Database, read: Callable[[int], list[Event]], seen: int, gather_s: float = 0.0
) -> AsyncGenerator[list[Event], None]:
    async with _subscribed(store.connection) as wait:
        while True:
            while batch := await asyncio.to_thread(read, seen):
                seen = batch[-1].seq
                yield batch
            await wait()
            await asyncio.sleep(gather_s)


@asynccontextmanager
async def _subscribed(connection: Connection) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """A function that waits for the next notification."""
    subscription = _Subscription(connection)
    await subscription.open()
    try:
        yield subscription.wait
    finally:
        subscription.close()


class _Subscription:
    """Keeps a listener, and replaces a broken one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._loop, self._notified = asyncio.get_running_loop(), asyncio.Event()
        self._listener: Listener | None = None

    async def open(self) -> None:
        """Start listening. Raises StoreError."""
        self._listener = await asyncio.to_thread(self._connection.listen)
        self._loop.add_reader(self._listener, self._receive)

    def _receive(self) -> None:
        if self._listener and not self._listener.clear():
            self.close()
        self._notified.set()

    async def wait(self) -> None:
        """Wait for the next notification, at most POLL_S."""
        if not self._listener:  # notifications may have been missed meanwhile
            await self.open()
            return
        try:
            async with asyncio.timeout(POLL_S):
                await self._notified.wait()
        except TimeoutError:
            return
        finally:
            self._notified.clear()

    def close(self) -> None:
        """Stop listening."""
        if self._listener:
            self._loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = None
