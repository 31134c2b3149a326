"""Staying with a run until it ends: showing it, and stopping it when the user asks for that, gently first and then at once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kflite.core.event import State
from kflite.errors import KfliteError
from kflite.runs.follow import View, feed

if TYPE_CHECKING:
    from kflite.client.client import Client


class Interrupts:
    """Wishes to stop, from a signal or from another thread; the first asks for a cancel, the next for a kill."""

    def __init__(self) -> None:
        self.count = 0
        self.cause = ""
        self._news = asyncio.Event()

    def add(self, cause: str) -> None:
        """One more wish. To be called in the event loop's thread."""
        self.count += 1
        self.cause = cause
        self._news.set()

    async def next(self) -> int:
        """Wait for the next wish; returns how many there have been."""
        await self._news.wait()
        self._news.clear()
        return self.count

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Take Ctrl-C and SIGTERM as wishes. Only the main thread gets signals; elsewhere this changes nothing."""
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


async def attend(client: Client, run: str, view: View, interrupts: Interrupts) -> State:
    """Show the run and wait for its end, passing wishes to stop on to its scheduler."""
    ended = asyncio.ensure_future(client.ended(run))
    stopping = asyncio.ensure_future(_stop(client, run, view, interrupts))
    try:
        await feed(client.store, run, view, ended)
    finally:
        stopping.cancel()
        ended.cancel()
        view.close()
    return await ended


async def _stop(client: Client, run: str, view: View, interrupts: Interrupts) -> None:
    while True:
        kill = await interrupts.next() > 1
        text = f"killing what is left of run {run}" if kill else f"cancelling run {run}: once more kills its tasks at once"
        view.say(text)
        try:
            await client.cancel(run, interrupts.cause, kill=kill)
        except KfliteError as error:
            view.say(str(error))
