"""Background tasks that refresh the handles of unended runs while the client is open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from kflite.errors import KfliteError

if TYPE_CHECKING:
    from kflite.client.session import Session


# After a refresh of t seconds the next one waits 20 t, so that runs of many tasks keep the processor.
_SHARE = 20


class Followers:
    """One follower per handle, started when the handle is first read."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Let followers start in this event loop."""
        self._loop = asyncio.get_running_loop()

    async def close(self) -> None:
        """End all followers."""
        self._loop, tasks, self._tasks = None, self._tasks, set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def begin(self, run: str, refresh: Callable[[], Awaitable[bool]]) -> bool:
        """Call `refresh` after each batch of the run's events until it returns True.

        Returns False, and starts nothing, outside the client's event loop.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return False
        if loop is self._loop:
            task = loop.create_task(self._follow(run, refresh))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return loop is self._loop

    async def _follow(self, run: str, refresh: Callable[[], Awaitable[bool]]) -> None:
        with suppress(KfliteError):  # whoever waits for the run gets the error
            async with aclosing(self._session.events(run)) as batches:
                async for _ in batches:
                    began = time.perf_counter()
                    if await refresh():
                        return
                    await asyncio.sleep((time.perf_counter() - began) * _SHARE)
