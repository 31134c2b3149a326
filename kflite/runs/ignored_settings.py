"""Settings of runs that have no effect where they go: found in their documents, which the store keeps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kflite.plans.kinds import kind_of

if TYPE_CHECKING:
    from kflite.ir.ignored_settings import IgnoredSetting
    from kflite.store.base import RunRow, Store

_SIGNS = ('"platforms"', "argostub/", '"accelerator"', '"defaultPipelineRoot"')  # of documents that may hold some; most hold none


def of_document(kind: str, document: str, on: str) -> list[IgnoredSetting]:
    """The ignored settings of a plan as it is submitted. kind: of the run."""
    pipeline = kind_of(kind).inner_pipeline(document)
    if not any(sign in pipeline for sign in _SIGNS):
        return []
    from kflite.ir.ignored_settings import ignored_settings

    return ignored_settings([json.loads(line) for line in pipeline.splitlines()], on)


def of_run(store: Store, row: RunRow) -> list[IgnoredSetting]:
    """The ignored settings of a run in the store. Blocks."""
    return of_document(*store.plan(row.plan), row.on)
