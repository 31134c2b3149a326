"""A lock for starting an attempt, across processes."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

_PAUSE_S = 0.05


@asynccontextmanager
async def alone(folder: Path) -> AsyncIterator[None]:
    """Wait until no other executor, in any process, starts the attempt with this folder."""
    lock = os.open(folder / "docker.lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        while not _locked(lock):  # noqa: ASYNC110  (a lock of the file system tells nobody)
            await asyncio.sleep(_PAUSE_S)
        yield
    finally:
        os.close(lock)


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
