"""The file of a run's page, with the documents that its tasks wrote."""

from __future__ import annotations

import time
from collections.abc import Sequence

from kflite.core.paths import Place
from kflite.figures.content import LONGEST, Content, content
from kflite.figures.data import Exhibit
from kflite.format import clock, size
from kflite.html.document import whole
from kflite.html.report import report
from kflite.store.base import RunRow, TaskRow

_ALL = 64 * 2**20  # bytes of all documents; a browser is slow with more


def run_page(run: RunRow, tasks: Sequence[TaskRow], exhibits: Sequence[Exhibit], place: Place, network: bool = False) -> str:
    """The page's text. network: documents may load from the network."""
    body = report(run, tasks, exhibits, contents(exhibits, place), network)
    return whole(f"{run.name} · {run.run}", body, clock(time.time()), network)


def contents(exhibits: Sequence[Exhibit], place: Place) -> dict[str, Content]:
    """The documents among the exhibits, by name, as long as all of them are not too long."""
    left, held = _ALL, dict[str, Content]()
    for exhibit in exhibits:
        if exhibit.is_page:
            one = content(exhibit.artifact, place, LONGEST) if left else Content(trouble=_too_much(exhibit))
            held[exhibit.name] = one
            left = max(left - len(one.text), 0)
    return held


def _too_much(exhibit: Exhibit) -> str:
    named = f"kflite artifacts open {exhibit.name.replace('/', ' ', 1)}"
    return f"The documents before this one have more than {size(_ALL)}: {named} shows it alone."
