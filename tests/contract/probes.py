"""Ways to see what processes do, and to wait for it."""

from __future__ import annotations

import asyncio
import fcntl
import os
from contextlib import aclosing
from pathlib import Path
from typing import TypeVar

from kflite.core.job import AttemptWaiting
from kflite.executors.base import Executor

T = TypeVar("T")

PATIENCE_S = 60.0  # for what takes a moment on a fast machine

# A child, out of reach in its own way, holds a lock for as long as it lives; the job ends once it does.
HOLD = """
import fcntl, os, signal, time
reading, writing = os.pipe()
if not os.fork():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    {escape}
    file = open('{held}', 'w')
    fcntl.flock(file, fcntl.LOCK_EX)
    open('{held}.ready', 'w').close()
    os.write(writing, b'x')
    time.sleep(600)
os.read(reading, 1)
"""


async def there(path: Path) -> None:
    """Until a job has made a file, or a link that leads nowhere."""

    async def look() -> None:
        while not os.path.lexists(path):  # noqa: ASYNC110, ASYNC240
            await asyncio.sleep(0.005)

    await asyncio.wait_for(look(), PATIENCE_S)


def held(lock: Path) -> bool:
    """Whether somebody holds the lock."""
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


async def free(lock: Path) -> None:
    """Until nobody holds the lock."""

    async def look() -> None:
        while held(lock):  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    await asyncio.wait_for(look(), PATIENCE_S)


async def told(executor: Executor, ref: str, kind: type[T] = AttemptWaiting) -> T:
    """The first update of a kind that an attempt tells."""
    async with aclosing(executor.follow(ref)) as updates:
        async for update in updates:
            if isinstance(update, kind):
                return update
    raise AssertionError(f"{ref} ended without a word")
