"""The Python API: in scripts, in threads, and inside a running event loop."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from pathlib import Path

import pytest

import kflite
from kflite import dsl
from kflite.core.event_kind import Kind, State


@dsl.component
def double(n: int) -> int:
    print("doubling", n)
    return 2 * n


@dsl.component
def write(n: int, text: dsl.Output[dsl.Dataset]):  # type: ignore[no-untyped-def]
    with open(text.path, "w") as file:
        file.write("x" * n)


@dsl.component
def fail() -> int:
    raise ValueError("no")


@dsl.component
def wait(file: str):  # type: ignore[no-untyped-def]
    import os
    import time

    open(file, "w").close()
    while not os.path.exists(file + ".go"):
        time.sleep(0.01)


@dsl.component
def parabola(c: float) -> float:
    return -((c - 2) ** 2)


@dsl.pipeline
def sound(n: int = 3) -> int:
    doubled = double(n=n)
    write(n=doubled.output)
    return doubled.output


@dsl.pipeline
def measured(c: float) -> float:
    return parabola(c=c).output


@pytest.fixture(autouse=True)
def _own(home: Path) -> None:
    """Each test has a home of its own."""


def test_run_blocks_and_returns_the_ended_run() -> None:
    run = kflite.run(sound, {"n": 4})
    assert run.state is State.SUCCEEDED
    assert run.outputs == {"Output": 8}
    assert run.tasks["double"].outputs == {"Output": 8}
    assert run.tasks["double"].logs() == "doubling 4\n"
    made = run.tasks["write"].artifacts["text"]
    assert made.path.read_text() == "x" * 8  # type: ignore[union-attr]


def test_a_component_alone_can_be_run() -> None:
    assert kflite.run(double, {"n": 4}).outputs == {"Output": 8}


def test_a_failed_run_is_returned_and_not_raised() -> None:
    run = kflite.run(fail)
    assert run.state is State.FAILED
    assert "ValueError: no" in run.tasks["fail"].logs()


def test_bad_parameters_are_raised() -> None:
    with pytest.raises(kflite.KfliteError, match="m"):
        kflite.run(sound, {"m": 4})


def test_run_works_inside_a_running_event_loop() -> None:
    async def notebook() -> kflite.Run:
        return kflite.run(sound)

    assert asyncio.run(notebook()).state is State.SUCCEEDED


def test_run_works_in_a_thread() -> None:
    states: list[State] = []
    thread = threading.Thread(target=lambda: states.append(kflite.run(sound).state))
    thread.start()
    thread.join(60)
    assert states == [State.SUCCEEDED]


def test_ctrl_c_cancels_the_run_and_is_raised(tmp_path: Path) -> None:
    flag = tmp_path / "flag"

    def press_when_running() -> None:
        while not flag.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press_when_running).start()
    with pytest.raises(KeyboardInterrupt, match="cancelled by Ctrl-C"):
        kflite.run(wait, {"file": str(flag)})


def test_ctrl_c_reaches_a_run_inside_a_running_event_loop(tmp_path: Path) -> None:
    flag = tmp_path / "flag"

    def press_when_running() -> None:
        while not flag.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    async def notebook() -> None:
        loop = asyncio.get_running_loop()
        signal.signal(signal.SIGINT, signal.default_int_handler)  # as a notebook's kernel has it
        assert loop.is_running()
        kflite.run(wait, {"file": str(flag)})

    threading.Thread(target=press_when_running).start()
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(notebook())


def test_a_client_submits_follows_and_waits() -> None:
    async def embedded() -> tuple[list[Kind], kflite.Run]:
        async with kflite.Client() as client:
            run = await client.submit(sound, {"n": 1})
            kinds = [event.kind async for event in run.events()]
            return kinds, await run.wait()

    kinds, run = asyncio.run(embedded())
    assert kinds[0] is Kind.RUN_SUBMITTED
    assert kinds[-1] is Kind.RUN_ENDED
    assert run.outputs == {"Output": 2}
    assert set(run.tasks) == {"double", "write"}


def test_several_runs_go_on_at_once() -> None:
    async def embedded() -> list[kflite.Run]:
        async with kflite.Client() as client:
            runs = [await client.submit(sound, {"n": n}) for n in range(3)]
            return [await run.wait() for run in runs]

    assert [run.outputs for run in asyncio.run(embedded())] == [{"Output": 2 * n} for n in range(3)]


def test_a_run_is_cancelled_by_its_handle(tmp_path: Path) -> None:
    async def embedded() -> kflite.Run:
        async with kflite.Client() as client:
            run = await client.submit(wait, {"file": str(tmp_path / "flag")})
            async for event in run.events():
                if event.kind is Kind.TASK_RUNNING:
                    await run.cancel("enough")
            return await run.wait()

    run = asyncio.run(embedded())
    assert (run.state, run.reason) == (State.CANCELLED, "enough")


def test_a_handle_without_its_client_tells_what_to_do() -> None:
    async def embedded() -> kflite.Run:
        async with kflite.Client() as client:
            return await client.submit(sound)

    run = asyncio.run(embedded())

    async def listen() -> None:
        async for _ in run.events():
            pass

    with pytest.raises(kflite.KfliteError, match="async with"):
        asyncio.run(listen())


def test_tune_returns_the_best_trial() -> None:
    tuning = kflite.tune(measured, {"c": kflite.space.double(0, 4)}, metric="Output", trials=6, parallel=2, seed=1)
    values = [trial.value for trial in tuning.trials]
    assert len(values) == 6
    assert tuning.best.value == max(value for value in values if value is not None)
    assert set(tuning.best.parameters) == {"c"}
