"""Outages of an API server: since when, why, and messages for those who wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

_PASSING_S = 4.0  # what is shorter is not worth a word


class Outage:
    """An outage begins with an unanswered request and ends with the next answered one. why: of the last unanswered one."""

    def __init__(self) -> None:
        self.why = "it took too long"
        self._began, self._over = asyncio.Event(), asyncio.Event()

    @property
    def on(self) -> bool:
        """Whether the last completed request got no answer."""
        return self._began.is_set()

    def begin(self, why: str) -> None:
        """A request got no answer."""
        self.why = why
        self._over.clear()
        self._began.set()

    def end(self) -> None:
        """A request got its answer."""
        self._began.clear()
        self._over.set()

    async def tell(self, address: str, patience_s: float, tell: Callable[[str], None]) -> None:
        """Report each lasting outage, and "" when it is over, until cancelled."""
        while True:
            await self._began.wait()
            began = time.time()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), _PASSING_S)
                continue
            last = time.strftime("%H:%M:%S", time.localtime(began + patience_s))
            tell(f"no answer from {address}: {self.why}; its tasks count as lost where none comes until {last}")
            await self._over.wait()
            tell("")
