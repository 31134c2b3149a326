"""How long the config map of a run is there, which owns all that it has."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from kflite.executors.kubernetes import KubernetesOptions, owners
from kflite.executors.kubernetes.api import Api
from kflite.executors.kubernetes.owners import Owners
from kflite.executors.kubernetes.pod_watch import PodWatch

pytestmark = pytest.mark.anyio


class Server:
    """Notes what is asked of it."""

    def __init__(self) -> None:
        self.deleted: asyncio.Queue[str] = asyncio.Queue()

    def path(self, kind: str, name: str = "") -> str:
        return f"{kind}/{name}"

    async def call(self, *_: object, **__: object) -> dict[str, object]:
        return {"metadata": {"uid": "u"}}

    async def once(self, method: str, path: str, _body: object) -> None:
        self.deleted.put_nowait(path)


async def test_what_later_attempts_need_stays_when_a_run_is_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owners, "_IDLE_S", 0.0)
    server = Server()
    api = cast("Api", server)
    held = Owners(api, PodWatch(api), KubernetesOptions())
    for run in ("lasting", "passing"):
        held.begin(run)
        await held.uid(run)
    held.keep("lasting")
    for run in ("lasting", "passing"):
        held.end(run)
    assert await asyncio.wait_for(server.deleted.get(), 20) == "configmaps/kflite-passing"
    assert server.deleted.empty()
    await held.close()
    assert server.deleted.get_nowait() == "configmaps/kflite-lasting"
