"""What runs ask for in vain: looked for in their documents, which the store keeps, so that it can be told at any time."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from kflite.client.view.out import Out
from kflite.client.view.text import Line, clean

if TYPE_CHECKING:
    from kflite.ir.unheeded import Unheeded
    from kflite.store.base import RunRow, Store

_SIGNS = ('"platforms"', "argostub/", '"accelerator"', '"defaultPipelineRoot"')  # of documents that may hold some; most hold none


def of_document(kind: str, document: str, on: str) -> list[Unheeded]:
    """Of a plan as it is submitted. kind: "pipeline" or "experiment"."""
    if kind == "experiment":
        document = json.loads(document)["pipeline"]
    if not any(sign in document for sign in _SIGNS):
        return []
    from kflite.ir.unheeded import unheeded

    return unheeded([json.loads(line) for line in document.splitlines()], on)


def of_run(store: Store, row: RunRow) -> list[Unheeded]:
    """Of a run in the store. Blocks."""
    return of_document(*store.plan(row.plan), row.on)


def lines(found: Iterable[Unheeded]) -> list[Line]:
    """As people are told."""
    return [((clean(str(one)), "yellow"),) for one in found]


def tell(found: Iterable[Unheeded]) -> None:
    """Say it at standard error."""
    Out(sys.stderr).lines(lines(found))
