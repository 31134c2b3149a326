"""Removes containers of ended attempts that remained because the daemon was away and their scheduler is gone."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from kflite.executors import record
from kflite.executors.docker import names
from kflite.executors.docker.daemon import Daemon
from kflite.executors.docker.launch import remove


async def sweep(daemon: Daemon) -> None:
    """Remove the containers of all attempts whose folders record an end. Raises Gone."""
    label = {"label": [f"{names.MANAGED}={names.MANAGER}", names.LOG]}
    found = await daemon.call(lambda client: client.containers(all=True, filters=label)) or []
    for group in {box["Labels"][names.GROUP] for box in found if _has_ended(box["Labels"])}:
        await remove(daemon, group)


def _has_ended(labels: Mapping[str, str]) -> bool:
    with suppress(OSError):  # a folder of another user's
        return record.read(Path(labels[names.LOG]).parent) is not None
    return False
