"""A run in the foreground: shown until it ends, and stopped on request, gently first and then at once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kflite.core.event_kind import State
from kflite.errors import KfliteError
from kflite.runs.follow import View, stream

if TYPE_CHECKING:
    from kflite.client.session import Session


class Interrupts:
    """Requests to stop, by a signal or another thread: the first one cancels the run, the second one kills it."""

    def __init__(self) -> None:
        self.count = 0
        self.cause = ""
        self._requested = asyncio.Event()

    def add(self, cause: str) -> None:
        """Add a request. Call this in the event loop's thread."""
        self.count += 1
        self.cause = cause
        self._requested.set()

    async def next(self) -> int:
        """Wait for the next request; returns the number of requests so far."""
        await self._requested.wait()
        self._requested.clear()
        return self.count

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Turn Ctrl-C and SIGTERM into requests. This does nothing outside the main thread, which alone gets signals."""
        loop = asyncio.get_running_loop()
        causes = {signal.SIGINT: "cancelled by Ctrl-C", signal.SIGTERM: "cancelled by SIGTERM"}
        try:
            for number, cause in causes.items():
                loop.add_signal_handler(number, self.add, cause)
        except (ValueError, RuntimeError):  # not the main thread
            yield
            return
        try:
            yield
        finally:
            for number in causes:
                loop.remove_signal_handler(number)


async def show_until_end(session: Session, run: str, view: View, interrupts: Interrupts) -> State:
    """Show the run until it ends, and pass requests to stop to its scheduler."""
    ended = asyncio.ensure_future(session.ended(run))
    stopping = asyncio.ensure_future(_stop(session, run, view, interrupts))
    try:
        await stream(session, run, view, ended)
    finally:
        stopping.cancel()
        ended.cancel()
        view.close()
    return await ended


async def _stop(session: Session, run: str, view: View, interrupts: Interrupts) -> None:
    while True:
        kill = await interrupts.next() > 1
        text = f"killing what is left of run {run}" if kill else f"cancelling run {run}: once more kills its tasks at once"
        view.say(text)
        try:
            await session.cancel(run, interrupts.cause, kill)
        except KfliteError as error:
            view.say(str(error))
