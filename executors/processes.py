"""Waiting for, and stopping, processes that are not our children."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from kflite.executors.attempt_folder import born

_POLL_S = 0.05  # where the system has no pidfd


async def ended(pid: int) -> None:
    """Wait until the process has ended."""
    if sys.platform != "linux":
        while born(pid):  # noqa: ASYNC110 - nothing tells us
            await asyncio.sleep(_POLL_S)
        return
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    loop.add_reader(descriptor, gone.set)
    try:
        await gone.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


async def end(pids: Sequence[int], grace_s: float) -> None:
    """Send SIGTERM to the groups of these processes, and kill the rest after the grace period."""
    _signal(pids, signal.SIGTERM)
    waits = [asyncio.ensure_future(ended(pid)) for pid in pids]
    if waits:
        await asyncio.wait(waits, timeout=grace_s)
    _signal(pids, signal.SIGKILL)
    await asyncio.gather(*waits)


def _signal(groups: Sequence[int], number: signal.Signals) -> None:
    for group in groups:
        try:
            os.killpg(group, number)
        except (ProcessLookupError, PermissionError):
            continue
