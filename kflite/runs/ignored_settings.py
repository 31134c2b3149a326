"""What runs ask for in vain: looked for in their documents, which the store keeps, so that it can be told at any time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kflite.ir.ignored_settings import IgnoredSetting
    from kflite.store.base import RunRow, Store

_SIGNS = ('"platforms"', "argostub/", '"accelerator"', '"defaultPipelineRoot"')  # of documents that may hold some; most hold none


def of_document(kind: str, document: str, on: str) -> list[IgnoredSetting]:
    """Of a plan as it is submitted. kind: "pipeline" or "experiment"."""
    if kind == "experiment":
        document = json.loads(document)["pipeline"]
    if not any(sign in document for sign in _SIGNS):
        return []
    from kflite.ir.ignored_settings import ignored_settings

    return ignored_settings([json.loads(line) for line in document.splitlines()], on)


def of_run(store: Store, row: RunRow) -> list[IgnoredSetting]:
    """Of a run in the store. Blocks."""
    return of_document(*store.plan(row.plan), row.on)
