"""Followers hear of events as they are stored, by a bell and not by looking again and again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator, Sequence
from pathlib import Path

import pytest
from contract.stores import KINDS, queued, submitted, url_of

from kflite import store
from kflite.core.event import Event
from kflite.core.event_kind import Kind
from kflite.core.run_event import RunCancelRequested
from kflite.store import Database
from kflite.store import follow as following
from kflite.store.follow import follow, new_events

pytestmark = pytest.mark.anyio
SOON_S = 20.0


@pytest.fixture(params=KINDS)
def opened(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A store whose followers look only when the bell rings."""
    monkeypatch.setattr(following, "POLL_S", 10 * SOON_S)
    opened = store.open(url_of(request.param, request, tmp_path))
    opened.append([submitted("a"), submitted("b")])
    yield opened
    opened.close()


async def soon(batches: AsyncGenerator[list[Event], None]) -> list[int]:
    async with asyncio.timeout(SOON_S):
        return [event.seq for event in await anext(batches)]


async def test_a_follower_gets_what_is_there_and_then_what_comes(opened: Database) -> None:
    batches = follow(opened)
    assert await soon(batches) == [1, 2]
    waiting = asyncio.ensure_future(soon(batches))
    await asyncio.sleep(0)
    opened.append([queued("a", "x"), queued("b", "x")])
    assert await waiting == [3, 4]
    await batches.aclose()


async def test_a_follower_of_one_run_hears_nothing_of_others(opened: Database) -> None:
    batches = follow(opened, "a", after=1)
    waiting = asyncio.ensure_future(soon(batches))
    await asyncio.sleep(0)
    opened.append([queued("b", "x")])
    opened.append([queued("a", "x")])
    assert await waiting == [4]
    await batches.aclose()


async def test_what_is_stored_between_two_looks_is_not_lost(opened: Database) -> None:
    batches = follow(opened, after=2)
    for n in range(50):
        opened.append([queued("a", f"t{n}")])
        assert await soon(batches) == [n + 3]
    await batches.aclose()


async def test_many_followers_are_all_told(opened: Database) -> None:
    every = [follow(opened, after=2) for _ in range(5)]
    waiting = [asyncio.ensure_future(soon(batches)) for batches in every]
    await asyncio.sleep(0)
    opened.append([queued("a", "x")])
    assert await asyncio.gather(*waiting) == [[3]] * 5
    for batches in every:
        await batches.aclose()


async def test_news_are_those_from_now_on(opened: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, read = threading.Event(), opened.of_kinds

    def reading(kinds: Sequence[Kind], after: int) -> list[Event]:
        asked.set()
        return read(kinds, after)

    monkeypatch.setattr(opened, "of_kinds", reading)
    opened.append([Event("a", RunCancelRequested(), 2.0)])
    coming = new_events(opened, [Kind.RUN_CANCEL])
    waiting = asyncio.ensure_future(anext(coming))
    await asyncio.to_thread(asked.wait)
    opened.append([queued("a", "x"), Event("b", RunCancelRequested(), 3.0)])
    async with asyncio.timeout(SOON_S):
        assert (await waiting).run == "b"
    await coming.aclose()


async def test_a_lost_ring_is_made_up_for_by_looking_anyway(opened: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "POLL_S", 0.05)
    monkeypatch.setattr(opened.connection, "notify", lambda: None)
    batches = follow(opened, after=2)
    waiting = asyncio.ensure_future(soon(batches))
    opened.append([queued("a", "x")])
    assert await waiting == [3]
    await batches.aclose()
