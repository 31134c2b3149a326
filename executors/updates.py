"""What an attempt tells whoever follows it: what holds now, at once, and then what changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from kflite.core.job import AttemptWaiting, Exit, Serving, Update


class Updates:
    """Kept for one attempt, told by what runs it, and followed by any number. To be used in the loop."""

    def __init__(self) -> None:
        self._waiting: AttemptWaiting | None = None
        self._serving: Serving | None = None
        self._queues: list[asyncio.Queue[Update | None]] = []

    def waiting(self, message: str) -> None:
        """It waits for something, or for nothing any longer ("")."""
        self._waiting = AttemptWaiting(message) if message else None
        self._tell(AttemptWaiting(message))

    def serving(self, serving: Serving) -> None:
        """It accepts connections."""
        self._serving = serving
        self._tell(serving)

    def _tell(self, update: Update) -> None:
        for queue in self._queues:
            queue.put_nowait(update)

    async def follow(self, end: asyncio.Future[Exit]) -> AsyncGenerator[Update, None]:
        """What it tells until its end, and that. Leaving it cancels nothing."""
        queue: asyncio.Queue[Update | None] = asyncio.Queue()
        self._queues.append(queue)

        def over(_end: asyncio.Future[Exit]) -> None:
            queue.put_nowait(None)

        end.add_done_callback(over)
        try:
            for known in (self._waiting, self._serving):
                if known and not end.done():
                    yield known
            while update := await queue.get():
                yield update
            yield end.result()
        finally:
            self._queues.remove(queue)
            end.remove_done_callback(over)
