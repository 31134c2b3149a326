"""Removal of ended pods in quiet moments, as each removal costs a cluster as much as a start or an end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

_LONGEST_S = 30.0  # for which a pod that has ended stays for others' sake: these may go on for days
_AT_ONCE, _IN_A_HURRY = 4, 32


class Cleanup:
    """Knows what has not ended."""

    def __init__(self) -> None:
        self._busy: set[str] = set()
        self._calm = asyncio.Event()
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._hurried = False

    def goes_on(self, name: str) -> None:
        """It is to start, or runs, from now on."""
        self._busy.add(name)
        self._calm.clear()

    def ends(self, name: str) -> None:
        """It does so no longer."""
        self._busy.discard(name)
        if not self._busy:
            self._calm.set()

    @contextmanager
    def during(self, name: str) -> Iterator[None]:
        """It goes on for so long."""
        self.goes_on(name)
        try:
            yield
        finally:
            self.ends(name)

    def hurry(self) -> None:
        """Hold nothing up any longer."""
        self._hurried = True
        self._calm.set()
        for _ in range(_IN_A_HURRY - _AT_ONCE):
            self._turns.release()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A context that is entered when an ended pod may be removed."""
        deadline = asyncio.get_running_loop().time() + _LONGEST_S
        async with self._turns:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(deadline):
                    while self._busy and not self._hurried:
                        await self._calm.wait()
            yield
