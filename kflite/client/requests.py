"""What other processes ask of this process's runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from kflite.event import Event, Kind
from kflite.store.base import Store
from kflite.store.follow import follow

_REST_S = 0.1  # between two looks, so that the commits of a busy run are read in batches and not one by one


async def requests(store: Store) -> AsyncIterator[Event]:
    """Requests to cancel, as they are stored."""
    async with aclosing(follow(store, "", store.last())) as batches:
        async for batch in batches:
            for event in batch:
                if event.kind is Kind.RUN_CANCEL:
                    yield event
            await asyncio.sleep(_REST_S)
