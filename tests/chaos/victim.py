"""A scheduler that dies: `victim.py HOME LEDGER N` runs the pipeline, and kills itself at the N-th point of its turns."""

import asyncio
import os
import signal
import sys
from dataclasses import replace
from itertools import count

from kflite import config
from kflite.client import Client
from kflite.client.local_session import LocalSession
from kflite.scheduler import SchedulerDeps

sys.path.insert(0, os.path.dirname(__file__))


class Victim(LocalSession):
    """A session whose scheduler has a fault hook."""

    def __init__(self, home: str, last: int) -> None:
        super().__init__(config.load({"home": home, "on": "process"}))
        self._points, self._last = count(1), last

    def _deps(self) -> SchedulerDeps:
        return replace(super()._deps(), failpoint=self._point)

    def _point(self, name: str) -> None:
        if next(self._points) == self._last:
            os.kill(os.getpid(), signal.SIGKILL)


async def main(home: str, ledger: str, last: int) -> None:
    from work import work

    async with Client(session=Victim(home, last)) as client:
        run = await client.submit(work, {"ledger": ledger})
        await client.ended(run.id)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
