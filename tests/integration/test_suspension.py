"""A run that is suspended: its processes are gone, and it goes on when it is resumed, with what had succeeded."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

import kflite
from kflite import dsl
from kflite.core.event import Event
from kflite.core.event_kind import State
from kflite.core.run_event import RunSuspendRequested

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("home")]


@dsl.component
def first() -> int:
    return 3


@dsl.component
def hold(n: int, file: str) -> int:
    import os
    import time

    with open(file + ".pids", "a") as pids:
        print(os.getpid(), file=pids)
    open(file, "w").close()
    while not os.path.exists(file + ".go"):
        time.sleep(0.01)
    return 2 * n


@dsl.pipeline
def held(file: str) -> int:
    return hold(n=first().output, file=file).output


async def there(path: Path) -> None:
    """Until the file is made."""
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(path.exists):  # noqa: ASYNC110 - files tell nobody that they are made
            await asyncio.sleep(0.01)


def living(pids: Path) -> list[str]:
    return [pid for pid in pids.read_text().split() if lives(pid)]


def lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("on", ["process"])
async def test_a_suspended_run_has_no_process_and_goes_on_when_it_is_resumed(tmp_path: Path, on: str) -> None:
    file = tmp_path / "held"
    async with kflite.Client(on=on) as client:
        run = await client.submit(held, {"file": str(file)})
        await there(file)
        session = client.session
        await asyncio.to_thread(session.store.append, [Event(run.id, RunSuspendRequested("make room"), time.time())])
        await asyncio.wait_for((await session.scheduler()).ended(run.id), 60)
        assert (await session.run(run.id)).run.state is State.SUSPENDED
        assert await asyncio.to_thread(living, tmp_path / "held.pids") == []
        await asyncio.to_thread((tmp_path / "held.go").touch)
    async with kflite.Client(on=on) as client:
        again = await client.resume(run.id)
        await asyncio.wait_for(again.wait(), 60)
        assert (again.state, again.outputs) == (State.SUCCEEDED, {"Output": 6})
        assert {name: len(task.attempts) for name, task in again.tasks.items()} == {"first": 1, "hold": 2}
