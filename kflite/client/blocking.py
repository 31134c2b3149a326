"""The calls that block: in a script, in a thread, and where an event loop is running already, as in a notebook."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from typing import TypeVar

from kflite.client.attend import Interrupts, attend
from kflite.client.client import Client
from kflite.client.run_handle import Run
from kflite.client.tuning import Tuning
from kflite.runs.ignored_settings import of_run
from kflite.runs.inputs import Given
from kflite.space import Space
from kflite.terminal.choose import for_script
from kflite.terminal.ignored_settings import report

T = TypeVar("T")


def run(
    target: object,
    parameters: Mapping[str, Given] | None = None,
    *,
    on: str = "",
    name: str = "",
    experiment: str = "",
    cache: bool = True,
    parallel: int = 0,
    timeout: float | None = None,
    fail_fast: bool = False,
    labels: Mapping[str, str] | None = None,
    store: str = "",
    artifacts: str = "",
    home: str = "",
    progress: bool = True,
) -> Run:
    """Run a target to its end; a run that failed is returned as one, with its state, and not raised.

    target: a pipeline or component (kflite's or kfp's), a path, a dict. parameters: values and artifacts, as for `Client.submit`.
    on: `local`, `process`, `docker`, `inline`. timeout: in seconds. progress: show the run while it goes on. Raises InputError
    for what cannot be run, and KeyboardInterrupt, once the run is cancelled, for Ctrl-C.
    """

    async def work(interrupts: Interrupts) -> Run:
        async with Client(store=store, artifacts=artifacts, home=home, on=on) as client:
            client.executors.warm(client.settings.on)
            started = await client.submit(
                target,
                parameters,
                name=name,
                experiment=experiment,
                cache=cache,
                parallel=parallel,
                timeout=timeout,
                fail_fast=fail_fast,
                labels=labels,
            )
            return await _to_the_end(client, started, interrupts, progress)

    return block(work)


def tune(
    target: object,
    space: Space,
    *,
    metric: str,
    goal: str = "maximize",
    algorithm: str = "random",
    trials: int = 10,
    parallel: int = 1,
    seed: int = 0,
    parameters: Mapping[str, Given] | None = None,
    on: str = "",
    name: str = "",
    experiment: str = "",
    cache: bool = True,
    timeout: float | None = None,
    labels: Mapping[str, str] | None = None,
    store: str = "",
    artifacts: str = "",
    home: str = "",
    progress: bool = True,
) -> Tuning:
    """Search for the parameters with the best `metric`, an output of the target; `.best` of what it returns holds them.

    space: by parameter, see `kflite.space`. goal: `maximize` or `minimize`. trials: how many; parallel: how many at once. The
    rest as for `run`.
    """

    async def work(interrupts: Interrupts) -> Tuning:
        async with Client(store=store, artifacts=artifacts, home=home, on=on) as client:
            client.executors.warm(client.settings.on)
            started = await client.tune(
                target,
                space,
                metric=metric,
                goal=goal,
                algorithm=algorithm,
                trials=trials,
                parallel=parallel,
                seed=seed,
                parameters=parameters,
                name=name,
                experiment=experiment,
                cache=cache,
                timeout=timeout,
                labels=labels,
            )
            run = await _to_the_end(client, started, interrupts, progress)
            return Tuning.of(run, client.store.plan(run.row.plan)[1])

    return block(work)


async def _to_the_end(client: Client, started: Run, interrupts: Interrupts, progress: bool) -> Run:
    if progress:
        report(await asyncio.to_thread(of_run, client.store, started.row))
    await attend(client, started.id, for_script(started.row, progress), interrupts)
    return await asyncio.to_thread(started.load)


def block(work: Callable[[Interrupts], Coroutine[object, object, T]]) -> T:
    """Run a coroutine in an event loop of its own, which is in another thread where this thread has one running.

    Ctrl-C is a wish to stop, and KeyboardInterrupt follows when the coroutine has ended.
    """
    interrupts = Interrupts()
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _over(interrupts, asyncio.run(_signalled(work, interrupts)))
    return _over(interrupts, _in_thread(work, interrupts))


async def _signalled(work: Callable[[Interrupts], Coroutine[object, object, T]], interrupts: Interrupts) -> T:
    with interrupts.signals():
        return await work(interrupts)


def _in_thread(work: Callable[[Interrupts], Coroutine[object, object, T]], interrupts: Interrupts) -> T:
    loop, done = asyncio.new_event_loop(), Future[T]()

    def body() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            try:
                done.set_result(runner.run(work(interrupts)))
            except BaseException as error:  # noqa: BLE001 - it is raised in the caller's thread
                done.set_exception(error)

    threading.Thread(target=body, name="kflite").start()
    while True:
        try:
            return done.result()
        except KeyboardInterrupt:
            loop.call_soon_threadsafe(interrupts.add, "cancelled by Ctrl-C")


def _over(interrupts: Interrupts, result: T) -> T:
    if interrupts.count:
        raise KeyboardInterrupt(interrupts.cause)
    return result
