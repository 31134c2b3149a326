"""Handles stand on a session alone, and nothing that a client does blocks the event loop."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import kflite
from kflite import config, dsl
from kflite.client.local_session import LocalSession
from kflite.client.session import RunRecord
from kflite.client.tuning import Tuning
from kflite.core.event import Data, Event
from kflite.core.event_kind import Kind, State
from kflite.core.paths import RunPaths
from kflite.core.run_event import RunEnded, RunStarted
from kflite.core.value import Artifact
from kflite.errors import InputError, KfliteError, NotFound
from kflite.plans.tuning import TuningSpec
from kflite.scheduler.submission import Submission
from kflite.store.base import ArtifactRow, Query, RunRow, TaskRow

SLOW_S = 0.002


@dsl.component
def one(n: int = 1) -> int:
    return n


@dsl.component
def reads(data: dsl.Input[dsl.Dataset]) -> int:
    return 1


class FakeSession:
    """A session in memory: a dict of records, and events that are given by hand."""

    def __init__(self, folder: Path) -> None:
        self.settings = config.load({"home": str(folder), "artifacts": f"{folder}/artifacts", "on": "process"})
        self.records: dict[str, RunRecord] = {}
        self.stored: list[Event] = []
        self.documents: dict[str, tuple[str, str]] = {}
        self.asked: list[str] = []
        self._news = asyncio.Condition()

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def submit(self, submission: Submission) -> RunRecord:
        texts = (submission.run, submission.name, submission.kind)
        row = RunRow(*texts, State.QUEUED, "", submission.pipeline, "", submission.on, submission.digest, 1.0, None, None, "")
        self.documents[submission.digest] = submission.kind, submission.document
        folders = Path(self.settings.home), self.settings.artifacts
        self.records[row.run] = RunRecord(row, RunPaths(*folders, submission.pipeline, row.run))
        return self.records[row.run]

    async def run(self, run: str) -> RunRecord:
        self.asked.append(run)
        if run not in self.records:
            raise NotFound(f"there is no run {run!r}")
        return self.records[run]

    async def runs(self, query: Query) -> list[RunRecord]:
        return [RunRecord(record.run, record.paths) for record in self.records.values()]

    async def document(self, record: RunRecord) -> tuple[str, str]:
        return self.documents[record.run.plan]

    async def artifact(self, id: str) -> ArtifactRow:
        folder = Path(self.settings.home)
        return ArtifactRow(id, "r", "t", "o", 1.0, Artifact("o", f"{folder}/data", "system.Dataset", outside="any"))

    async def past_events(self, run: str, after: int = 0) -> list[Event]:
        return [event for event in self.stored if event.run == run and event.seq > after]

    async def events(self, run: str, after: int = 0) -> AsyncGenerator[list[Event], None]:
        while True:
            if batch := await self.past_events(run, after):
                after = batch[-1].seq
                yield batch
            async with self._news:
                await self._news.wait_for(lambda seen=after: self.stored and self.stored[-1].seq > seen)

    async def ended(self, run: str) -> State:
        async for _ in self.events(run):
            if self.records[run].run.state.ended:
                break
        return self.records[run].run.state

    async def cancel(self, run: str, reason: str, kill: bool) -> None:
        await self.tell(run, RunEnded(State.CANCELLED, reason), State.CANCELLED, reason=reason)

    async def tell(self, run: str, data: Data, state: State, *tasks: TaskRow, **row: Any) -> None:
        record = self.records[run]
        self.records[run] = replace(record, run=replace(record.run, state=state, **row), tasks=tasks)
        self.stored.append(Event(run, data, 1.0, seq=len(self.stored) + 1))
        async with self._news:
            self._news.notify_all()


def task(name: str, state: State, **more: Any) -> TaskRow:
    return TaskRow("r", name, more.pop("title", name), state, "", "", 1, "process", 0.0, 1.0, 2.0, False, "", "", **more)


async def until(done: Callable[[], bool]) -> None:
    """Let followers go on until it is so."""
    for _ in range(1_000_000):
        if done():
            return
        await asyncio.sleep(0)
    pytest.fail("it never came to be so")


@pytest.mark.anyio
async def test_a_handle_tells_what_was_last_heard_and_is_refreshed_by_events(tmp_path: Path) -> None:
    session = FakeSession(tmp_path)
    async with kflite.Client(session=session) as client:  # type: ignore[arg-type]
        run = await client.submit(one)
        assert (run.state, dict(run.tasks), session.asked) == (State.QUEUED, {}, [])
        await session.tell(run.id, RunStarted("me"), State.RUNNING, task("one", State.RUNNING))
        await until(lambda: run.state is State.RUNNING)
        assert run.tasks["one"].state is State.RUNNING
        done = task("one", State.SUCCEEDED, outputs={"Output": 1})
        await session.tell(run.id, RunEnded(State.SUCCEEDED), State.SUCCEEDED, done, outputs={"parameters": {"Output": 1}})
        await until(lambda: run.state.ended)
        asked = len(session.asked)
        assert (dict(run.outputs), run.tasks["one"].outputs) == ({"Output": 1}, {"Output": 1})
        assert len(session.asked) == asked


@pytest.mark.anyio
async def test_a_handle_that_nobody_looks_at_asks_nothing(tmp_path: Path) -> None:
    session = FakeSession(tmp_path)
    async with kflite.Client(session=session) as client:  # type: ignore[arg-type]
        run = await client.submit(one)
        await session.tell(run.id, RunStarted("me"), State.RUNNING)
        await asyncio.sleep(0)
        assert session.asked == []


@pytest.mark.anyio
async def test_a_run_is_final_once_it_was_waited_for(tmp_path: Path) -> None:
    session = FakeSession(tmp_path)
    async with kflite.Client(session=session) as client:  # type: ignore[arg-type]
        run = await client.submit(one)
        waiting = asyncio.ensure_future(run.wait())
        await run.cancel("enough")
        assert await waiting is run
    assert (run.state, run.reason) == (State.CANCELLED, "enough")


@pytest.mark.anyio
async def test_events_end_with_the_run(tmp_path: Path) -> None:
    session = FakeSession(tmp_path)
    async with kflite.Client(session=session) as client:  # type: ignore[arg-type]
        run = await client.submit(one)
        await session.tell(run.id, RunStarted("me"), State.RUNNING)
        await run.cancel()
        assert [event.kind async for event in run.events()] == [Kind.RUN_STARTED, Kind.RUN_ENDED]


@pytest.mark.anyio
async def test_runs_that_are_listed_are_loaded_when_asked_to(tmp_path: Path) -> None:
    session = FakeSession(tmp_path)
    async with kflite.Client(session=session) as client:  # type: ignore[arg-type]
        started = await client.submit(one)
        await session.tell(started.id, RunEnded(State.FAILED), State.FAILED, task("one", State.FAILED))
        (run,) = await client.runs()
        assert (run.state, run.loaded) == (State.FAILED, False)
        with pytest.raises(KfliteError, match=r"await run\.load\(\)"):
            _ = run.tasks
        assert list((await run.load()).tasks) == ["one"]


@pytest.mark.anyio
async def test_earlier_artifacts_are_asked_of_the_session(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    session = FakeSession(tmp_path)
    async with kflite.Client(session=session) as client:  # type: ignore[arg-type]
        await client.submit(reads, {"data": "run:a/b/c"})


@pytest.mark.anyio
async def test_a_tuning_is_read_by_its_session(tmp_path: Path) -> None:
    session = FakeSession(tmp_path)
    async with kflite.Client(session=session) as client:  # type: ignore[arg-type]
        run = await client.tune(one, {"n": kflite.space.integer(1, 3)}, metric="Output", trials=2)
        trials = [
            replace(task(f"trial-{n}", State.SUCCEEDED, title="trial", outputs={"Output": n}), group=True) for n in range(2)
        ]
        await session.tell(run.id, RunEnded(State.SUCCEEDED), State.SUCCEEDED, *trials)
        tuning = await Tuning.load(run)
        assert isinstance(tuning.spec, TuningSpec)
        assert (len(tuning.trials), tuning.best.trial) == (2, "trial-1")
        with pytest.raises(InputError, match="has no trials"):
            await Tuning.load(await client.submit(one))


# What the client asks of a store that takes its time.

Ask = Callable[[kflite.Client, kflite.Run], Awaitable[object]]

CALLS: Mapping[str, Ask] = {
    "submit": lambda client, run: client.submit(one),
    "submit of what was uploaded": lambda client, run: client.submit("pipeline:kept"),
    "clone": lambda client, run: client.clone(run.id),
    "retry": lambda client, run: client.retry(run.id, one, tasks=["one"]),
    "resume": lambda client, run: refused(client.resume(run.id)),
    "resume all": lambda client, run: client.resume_all(),
    "ended": lambda client, run: client.ended(run.id),
    "cancel": lambda client, run: client.cancel(run.id),
    "run": lambda client, run: client.run(run.id),
    "runs": lambda client, run: client.runs(),
    "label": lambda client, run: client.label(run.id, {"a": "b"}),
    "archive": lambda client, run: client.archive(run.id),
    "unarchive": lambda client, run: client.unarchive(run.id),
    "compare": lambda client, run: client.compare(run.id, run),
    "artifacts": lambda client, run: client.artifacts(run.id),
    "lineage": lambda client, run: client.lineage(f"{run.id}/one"),
    "cached": lambda client, run: client.cached(),
    "upload": lambda client, run: client.pipelines.upload(one, name="more"),
    "versions": lambda client, run: client.pipelines.versions("kept"),
    "experiments": lambda client, run: client.experiments.list(),
    "a handle": lambda client, run: looked_at(run),
    "wait": lambda client, run: run.wait(),
    "delete": lambda client, run: client.delete(run.id),
}


async def refused(call: Awaitable[object]) -> None:
    with pytest.raises(InputError):
        await call


async def looked_at(run: kflite.Run) -> None:
    assert (run.state, run.outputs, list(run.tasks), run.inputs, run.labels) is not None
    assert run._repr_html_()
    assert run.report()


class Watched:
    """A store that takes its time, and notes the calls of the event loop's own thread, which stop all that goes on there."""

    def __init__(self, watched: object, in_loop: list[str]) -> None:
        self._watched, self._in_loop = watched, in_loop

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._watched, name)
        if name == "catalogue":
            return Watched(found, self._in_loop)
        return partial(self._call, name, found) if inspect.ismethod(found) else found

    def _call(self, name: str, method: Callable[..., object], *arguments: Any, **more: Any) -> object:
        if threading.current_thread() is threading.main_thread():
            self._in_loop.append(name)
        else:
            time.sleep(SLOW_S)
        return method(*arguments, **more)


@pytest.mark.anyio
@pytest.mark.parametrize("name", CALLS)
async def test_the_event_loop_goes_on_whatever_the_client_asks_the_store(home: Path, name: str) -> None:
    session, in_loop = LocalSession(config.load({"on": "inline"})), list[str]()
    async with kflite.Client(session=session) as client:
        await client.pipelines.upload(one, name="kept")
        run = await (await client.submit(one, cache=False)).wait()
        session._store = Watched(session.store, in_loop)  # type: ignore[assignment]
        await CALLS[name](client, run)
    assert in_loop == []


def test_a_script_that_only_waits_reads_its_run_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    original = LocalSession._read
    monkeypatch.setattr(LocalSession, "_read", lambda session, run: read.append(run) or original(session, run))  # type: ignore[func-returns-value]
    run = kflite.run(one, on="inline", progress=False)
    assert read == [run.id]
