"""Streams a run's events to a view, at the view's own pace, until the run has ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import suppress
from typing import Protocol

from kflite.core.event import Event
from kflite.core.event_kind import State

_TICK_S = 0.5  # a view is updated at least this often, for its clocks


class View(Protocol):
    """Shows a run. every_s: seconds to wait after each batch, None for a view without events."""

    every_s: float | None

    def show(self, events: Iterable[Event]) -> None:
        """Show events; without events, only that time has passed."""

    def say(self, text: str) -> None:
        """Show a message of kflite."""

    def close(self) -> None:
        """End the view; its final state may stay on screen."""


class EventSource(Protocol):
    """A source of a run's events."""

    def events(self, run: str, after: int = 0) -> AsyncGenerator[list[Event], None]:
        """Batches of events after number `after`, as they are stored, until the caller closes the generator."""

    async def past_events(self, run: str, after: int = 0) -> list[Event]:
        """Stored events after number `after`, perhaps not all of them."""


async def stream(source: EventSource, run: str, view: View, ended: asyncio.Future[State]) -> None:
    """Show all the run's events until `ended` is done and everything stored by then is shown."""
    if view.every_s is None:
        await asyncio.wait({ended})
        return
    last = await _until(ended, source.events(run), view)
    while rest := await source.past_events(run, last):
        view.show(rest)
        last = rest[-1].seq


async def _until(ended: asyncio.Future[State], batches: AsyncGenerator[list[Event], None], view: View) -> int:
    last, coming = 0, asyncio.ensure_future(anext(batches))
    try:
        while not ended.done():
            waiting: set[asyncio.Future[State] | asyncio.Future[list[Event]]] = {coming, ended}
            await asyncio.wait(waiting, timeout=_TICK_S, return_when=asyncio.FIRST_COMPLETED)
            batch = coming.result() if coming.done() else []
            view.show(batch)
            if batch:
                last, coming = batch[-1].seq, asyncio.ensure_future(anext(batches))
            await asyncio.wait({ended}, timeout=view.every_s)
    finally:
        coming.cancel()
        with suppress(asyncio.CancelledError):
            await coming
        await batches.aclose()
    return last
