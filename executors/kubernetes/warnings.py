"""What the cluster warns of and no pod's state tells: a volume that cannot be mounted, a network that cannot be made.

Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TypedDict

from kflite.executors.kubernetes.api import Api, Broken, ClusterRefused

_TELLING = frozenset({"FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox", "FailedBinding"})
_OWN_LAG = "failed to sync"  # a node that is busy has not read a config map or secret yet; it tries again at once
_QUERY = {"fieldSelector": "type=Warning,involvedObject.kind=Pod", "watch": "true", "timeoutSeconds": "240"}
_QUIET_S = 300.0
_PAUSE_S = 2.0
_NOT_ALLOWED = 403


class _Involved(TypedDict):
    name: str


class _Event(TypedDict):
    involvedObject: _Involved
    reason: str
    message: str


class _Told(TypedDict):
    type: str
    object: _Event


async def listen(api: Api, tell: Callable[[str, str, str], None]) -> None:
    """Tell (pod, reason, message) of each warning, until cancelled; at once where we may not watch events."""
    while True:
        try:
            async with api.stream(api.path("events"), _QUERY, _QUIET_S) as chunks:
                rest = b""
                async for chunk in chunks:
                    *lines, rest = (rest + chunk).split(b"\n")
                    for line in lines:
                        _hear(json.loads(line), tell)
        except ClusterRefused as error:
            if error.status == _NOT_ALLOWED:
                return
        except Broken:  # the watch of pods tells who waits when the server stays away
            pass
        await asyncio.sleep(_PAUSE_S)


def _hear(told: _Told, tell: Callable[[str, str, str], None]) -> None:
    event = told["object"]
    if told["type"] in ("ADDED", "MODIFIED") and event["reason"] in _TELLING and _OWN_LAG not in event["message"]:
        tell(event["involvedObject"]["name"], event["reason"], event["message"])
