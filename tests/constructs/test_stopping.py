"""Runs that are stopped: exit tasks run, with the state that they are to be told, and tasks have time to end."""

import asyncio
import os
from pathlib import Path

import pytest

pytest.importorskip("kfp", minversion="2.16", reason="kfp is not installed: pip install '.[test]'")

from constructs.case import story
from constructs.pieces import add, light, note, say, status
from kfp import dsl

import kflite
from kflite.core.event_kind import Kind


@light
def waits(file: str):
    import signal
    import sys
    import time

    def end(*_: object) -> None:
        open(file, "w").close()
        sys.exit(1)

    signal.signal(signal.SIGTERM, end)
    open(file + ".ready", "w").close()
    while True:
        time.sleep(0.01)


@dsl.pipeline
def exit_pipeline():
    with dsl.ParallelFor([1, 2]) as n:
        add(a=n)
    with dsl.If(say(text="x").output == "x"):
        note()


@dsl.pipeline
def handled(file: str):
    with dsl.ExitHandler(status()):
        waiting = waits(file=file)
        say(text="never").after(waiting)
    with dsl.ExitHandler(exit_pipeline()):
        say(text="fine")


async def stopped(home: Path, how: str, **options: object) -> tuple[kflite.Run, Path]:
    """The run, and the file that its task writes when it has time to end."""
    file, ready = home.parent / "ended", home.parent / "ended.ready"
    os.mkfifo(ready)
    async with kflite.Client(home=home, on="process") as client:
        run = await client.submit(handled, {"file": str(file)}, cache=False, **options)  # type: ignore[arg-type]
        async for event in run.events():
            if how and event.kind is Kind.TASK_RUNNING and event.task == "exit-handler-1/waits":
                await asyncio.to_thread(ready.read_bytes)  # it blocks until the task opens it
                await client.cancel(run.id, "enough", kill=how == "kill")
        return await run.wait(), file


def states(run: kflite.Run) -> dict[str, str]:
    return {path: task.state.value for path, task in run.tasks.items()}


def test_exit_tasks_run_when_a_run_is_cancelled_and_tasks_end_in_peace(home: Path) -> None:
    run, file = asyncio.run(stopped(home, "cancel"))
    assert (run.state, run.reason) == ("CANCELLED", "enough"), story(run)
    assert file.exists()
    assert run.tasks["status"].outputs == {"Output": "CANCELLED exit-handler-1 0 "}
    found = states(run)
    assert found["exit-handler-1/waits"] == "CANCELLED"
    assert found["exit-handler-1/say"] == "SKIPPED"
    assert {
        found[f"exit-pipeline/{n}"] for n in ("for-loop-2", "for-loop-2[0]/add", "for-loop-2[1]/add", "condition-3/note")
    } == {"SUCCEEDED"}


def test_no_exit_task_runs_when_a_run_is_killed(home: Path) -> None:
    run, _ = asyncio.run(stopped(home, "kill"))
    assert run.state == "CANCELLED", story(run)
    assert states(run)["status"] == "CANCELLED"


def test_exit_tasks_run_when_the_time_of_a_run_is_up(home: Path) -> None:
    run, _ = asyncio.run(stopped(home, "", timeout=1.5))
    assert run.state == "FAILED", story(run)
    assert "took longer than its 1.5 s" in run.reason
    assert states(run)["status"] == "SUCCEEDED"
