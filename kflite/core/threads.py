"""Calls that block for long, and are waited for by whoever wants their result and by nobody else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

T = TypeVar("T")


async def run_in_thread(function: Callable[..., T], /, *args: object) -> T:
    """Calls what may block for hours, in a thread of its own, which neither others nor the end of the process wait for."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(outcome: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any longer
            loop.call_soon_threadsafe(lambda: None if done.done() else outcome())

    def body() -> None:
        try:
            result = function(*args)
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
            tell(partial(done.set_exception, error))
        else:
            tell(partial(done.set_result, result))

    threading.Thread(target=body, name="kflite run_in_thread", daemon=True).start()
    return await done
