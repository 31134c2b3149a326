"""Long blocking calls in threads of their own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

T = TypeVar("T")


async def run_in_thread(function: Callable[..., T], /, *args: object) -> T:
    """Call a function that may block for hours. Its thread delays neither other calls nor the end of the process."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def resolve(outcome: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed, so nobody waits
            loop.call_soon_threadsafe(lambda: None if done.done() else outcome())

    def target() -> None:
        try:
            result = function(*args)
        except BaseException as error:  # noqa: BLE001 - raised to whoever awaits the result
            resolve(partial(done.set_exception, error))
        else:
            resolve(partial(done.set_result, result))

    threading.Thread(target=target, name="kflite run_in_thread", daemon=True).start()
    return await done
