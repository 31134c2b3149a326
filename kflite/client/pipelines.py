"""Pipelines that are kept in the store by name and version, and run from there as `pipeline:NAME[@VERSION]`."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from hashlib import sha256
from typing import TYPE_CHECKING

from kflite.client.submitting import runnable
from kflite.errors import InputError
from kflite.ir import Pipeline
from kflite.ir.check import ensure
from kflite.ir.names import bad_pipeline, bad_title
from kflite.store.catalogue import VersionRow
from kflite.target import Target
from kflite.target import load as load_other

if TYPE_CHECKING:
    from kflite.client.client import Client
    from kflite.store import Database

PREFIX = "pipeline:"
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


def load(target: object, store: Callable[[], AbstractContextManager[Database]]) -> Target:
    """A target, as `kflite.target.load` has it; `pipeline:NAME[@VERSION]`, for which the store is opened; or one found before."""
    if isinstance(target, Target):
        return target
    if not (isinstance(target, str) and target.startswith(PREFIX)):
        return load_other(target)
    with store() as opened:
        row, pipeline = get(opened, *split(target.removeprefix(PREFIX)))
    return Target("pipeline", row.pipeline, pipeline, None, f"{PREFIX}{row.title}")


def split(title: str) -> tuple[str, str]:
    """`NAME[@VERSION]` as name and version, "" for the newest. Raises InputError."""
    name, at, version = title.partition("@")
    if not name or (at and not version):
        raise InputError(f"{title!r} names no pipeline: write NAME or NAME@VERSION, see kflite pipelines ls")
    return name, version


def get(store: Database, name: str, version: str = "") -> tuple[VersionRow, Pipeline]:
    """A version, the newest where none is named, and its pipeline. Raises NotFound."""
    row = store.catalogue.version(name, version)
    return row, Pipeline.loads(store.plan(row.plan)[1])


def upload(store: Database, target: Target, name: str = "", version: str = "", description: str = "") -> tuple[VersionRow, bool]:
    """Keep the target's pipeline; returns its version, and whether that is new. Raises InvalidPipeline, InputError."""
    pipeline = runnable(target)
    ensure(pipeline, target.source)
    called = name or pipeline.name
    if wrong := bad_pipeline(called) or bad_title(description):
        raise InputError(wrong)
    if version and not _VERSION.fullmatch(version):
        raise InputError(f"{version!r} cannot name a version: use letters, digits, '.', '-', '_' and '+'")
    document = pipeline.dumps()
    plan = sha256(document.encode()).hexdigest(), document
    described = description or pipeline.spec.pipeline_info.description
    return store.catalogue.upload(called, version, plan, described, time.time())


class Pipelines:
    """`client.pipelines`: what is uploaded. Every call raises NotFound for what is not there."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def upload(self, target: object, *, name: str = "", version: str = "", description: str = "") -> VersionRow:
        """Keep a pipeline as the newest version of `name`, its own where none is given.

        A document that is there already stays the version that it is, which is returned. Raises InputError.
        """
        loaded = self._client.target(target)
        return (await asyncio.to_thread(upload, self._client.store, loaded, name, version, description))[0]

    async def list(self) -> Sequence[VersionRow]:
        """The newest version of each pipeline, by name."""
        rows = await asyncio.to_thread(self._client.store.catalogue.versions)
        return list({row.pipeline: row for row in reversed(rows)}.values())[::-1]

    async def versions(self, name: str) -> Sequence[VersionRow]:
        """All versions of a pipeline, the newest first."""
        await asyncio.to_thread(self._client.store.catalogue.version, name)
        return await asyncio.to_thread(self._client.store.catalogue.versions, name)

    async def get(self, name: str, version: str = "") -> Pipeline:
        """The pipeline of a version, the newest where none is named."""
        return (await asyncio.to_thread(get, self._client.store, name, version))[1]

    async def delete(self, name: str, version: str = "") -> None:
        """Remove a version, or all of them. Runs keep what they need."""
        await asyncio.to_thread(self._client.store.catalogue.remove, name, version)
