"""Calls that block: in a script, in a thread, and where an event loop is running already, as in a notebook."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from typing import TypeVar, Unpack, cast

from kflite import config
from kflite.client.client import Client
from kflite.client.foreground import Interrupts, show_until_end
from kflite.client.run_handle import Run
from kflite.client.tuning import Tuning
from kflite.engine.executors import Executors
from kflite.runs.ignored_settings import of_document
from kflite.runs.inputs import RunInput
from kflite.runs.options import (
    BlockingOptions,
    BlockingRunOptions,
    BlockingTuneOptions,
    RunOptions,
    TuneOptions,
    split_options,
)
from kflite.space import Space
from kflite.terminal.choose import for_script
from kflite.terminal.ignored_settings import report

T = TypeVar("T")


def run(target: object, parameters: Mapping[str, RunInput] | None = None, **options: Unpack[BlockingRunOptions]) -> Run:
    """Run a target to its end; a run that failed is returned as one, with its state, and not raised.

    target: a pipeline or component (kflite's or kfp's), a path, a dict. parameters: values and artifacts, as for `Client.submit`.
    options: see `kflite.runs.options.BlockingRunOptions`. Raises InputError for what cannot be run, TypeError for an option that
    there is not, and KeyboardInterrupt, once the run is cancelled, for Ctrl-C.
    """
    blocking, others = split_options(options, BlockingRunOptions, "run")

    async def work(interrupts: Interrupts) -> Run:
        async with _opened(blocking, options) as client:
            started = await client.submit(target, parameters, **cast(RunOptions, others))
            return await _to_the_end(client, started, interrupts, blocking)

    return block(work)


def tune(target: object, space: Space, **options: Unpack[BlockingTuneOptions]) -> Tuning:
    """Search for the parameters with the best `metric`, an output of the target; `.best` of what it returns holds them.

    space: by parameter, see `kflite.space`. options: see `kflite.runs.options.BlockingTuneOptions`. Raises as `run` does.
    """
    blocking, others = split_options(options, BlockingTuneOptions, "tune")

    async def work(interrupts: Interrupts) -> Tuning:
        async with _opened(blocking, options) as client:
            started = await client.tune(target, space, **cast(TuneOptions, others))
            ended = await _to_the_end(client, started, interrupts, blocking)
            return await Tuning.load(ended)

    return block(work)


def _opened(blocking: BlockingOptions, options: Mapping[str, object]) -> Client:
    """A client that warms up the run's target while the pipeline is loaded."""
    places = {name: blocking.get(name) or "" for name in ("store", "artifacts", "home")}
    flags = {**places, "on": options.get("on") or ""}
    settings = config.load({name: str(text) for name, text in flags.items() if text})
    executors = Executors(settings)
    executors.warm(settings.on)
    return Client(settings=settings, executors=executors)


async def _to_the_end(client: Client, started: Run, interrupts: Interrupts, blocking: BlockingOptions) -> Run:
    progress = blocking.get("progress", True)
    if progress:
        kind, document = await started.document()
        report(of_document(kind, document, started.record.run.on))
    await show_until_end(client.session, started.id, for_script(started.record.run, progress), interrupts)
    return await started.load()


def block(work: Callable[[Interrupts], Coroutine[object, object, T]]) -> T:
    """Run a coroutine in an event loop of its own, which is in another thread where this thread has one running.

    Ctrl-C is a request to stop, and KeyboardInterrupt follows when the coroutine has ended.
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
