"""Pods that have ended are removed when no other goes on."""

from __future__ import annotations

import asyncio

import pytest

from kflite.executors.kubernetes import cleanup
from kflite.executors.kubernetes.cleanup import Cleanup

pytestmark = pytest.mark.anyio


async def removal(held: Cleanup, name: str, removed: list[str]) -> None:
    async with held.turn():
        removed.append(name)


async def settled() -> None:
    """Once all that can go on has."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_pod_that_has_ended_stays_while_others_go_on() -> None:
    held, removed = Cleanup(), list[str]()
    held.goes_on("b")
    with held.during("c"):
        task = asyncio.create_task(removal(held, "a", removed))
        held.ends("b")
        await settled()
        assert removed == []
    await task
    assert removed == ["a"]


async def test_a_short_calm_is_none() -> None:
    held, removed = Cleanup(), list[str]()
    held.goes_on("b")
    task = asyncio.create_task(removal(held, "a", removed))
    await settled()
    held.ends("b")
    held.goes_on("c")
    await settled()
    assert removed == []
    held.hurry()
    await task


async def test_it_stays_no_longer_than_a_set_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleanup, "_LONGEST_S", 0.01)
    held, removed = Cleanup(), list[str]()
    held.goes_on("what fits no node")
    await asyncio.wait_for(removal(held, "a", removed), 20)
    assert removed == ["a"]
