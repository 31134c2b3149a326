"""Uploaded pipelines in the store, with versions, which run as `pipeline:NAME[@VERSION]`."""

from __future__ import annotations

import re
import time
from hashlib import sha256
from typing import TYPE_CHECKING

from kflite.errors import InputError
from kflite.ir import Pipeline
from kflite.ir.check import ensure
from kflite.ir.names import bad_pipeline, bad_title
from kflite.plans.kinds import PIPELINE
from kflite.runs.submit import runnable
from kflite.store.catalogue import VersionRow
from kflite.target import Target
from kflite.target import load as load_other

if TYPE_CHECKING:
    from kflite.store import Database

PREFIX = "pipeline:"
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


def uploaded_name(target: object) -> tuple[str, str] | None:
    """The name and the version in `pipeline:NAME[@VERSION]`; None for any other target. Raises InputError."""
    if isinstance(target, str) and target.startswith(PREFIX):
        return split(target.removeprefix(PREFIX))
    return None


def load(target: object) -> Target:
    """A target that is not uploaded, as `kflite.target.load` has it; or one that was loaded before."""
    return target if isinstance(target, Target) else load_other(target)


def uploaded(store: Database, name: str, version: str = "") -> Target:
    """An uploaded pipeline as a target, by default the newest version. Raises NotFound."""
    row, pipeline = get(store, name, version)
    return Target(PIPELINE, row.pipeline, pipeline, None, f"{PREFIX}{row.title}")


def split(title: str) -> tuple[str, str]:
    """`NAME[@VERSION]` as name and version, "" for the newest. Raises InputError."""
    name, at, version = title.partition("@")
    if not name or (at and not version):
        raise InputError(f"{title!r} names no pipeline: write NAME or NAME@VERSION, see kflite pipelines ls")
    return name, version


def get(store: Database, name: str, version: str = "") -> tuple[VersionRow, Pipeline]:
    """A version, by default the newest, and its pipeline. Raises NotFound."""
    row = store.catalogue.version(name, version)
    return row, Pipeline.loads(store.plan(row.plan)[1])


def upload(store: Database, target: Target, name: str = "", version: str = "", description: str = "") -> tuple[VersionRow, bool]:
    """Upload the target's pipeline; returns its version, and whether that is new. Raises InvalidPipeline, InputError."""
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
