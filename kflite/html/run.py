"""The page of a run, with the documents of its tasks."""

from __future__ import annotations

import time
from collections.abc import Sequence

from kflite.core.paths import RunPaths
from kflite.figures.content import LONGEST, Content, content
from kflite.figures.data import Visualization
from kflite.format import clock, size
from kflite.html.document import page
from kflite.html.report import report
from kflite.store.base import RunRow, TaskRow

_ALL = 64 * 2**20  # bytes of all documents; more slow down a browser


def run_page(
    run: RunRow, tasks: Sequence[TaskRow], visualizations: Sequence[Visualization], paths: RunPaths, network: bool = False
) -> str:
    """The page's text. network: documents may load from the network."""
    body = report(run, tasks, visualizations, contents(visualizations, paths), network)
    return page(f"{run.name} · {run.run}", body, clock(time.time()), network)


def contents(visualizations: Sequence[Visualization], paths: RunPaths) -> dict[str, Content]:
    """The contents of documents by name, up to a total size."""
    remaining, data = _ALL, dict[str, Content]()
    for visualization in visualizations:
        if visualization.is_page:
            document = content(visualization.artifact, paths, LONGEST) if remaining else Content(problem=_too_much(visualization))
            data[visualization.name] = document
            remaining = max(remaining - len(document.text), 0)
    return data


def _too_much(visualization: Visualization) -> str:
    named = f"kflite artifacts open {visualization.name.replace('/', ' ', 1)}"
    return f"The documents before this one have more than {size(_ALL)}: {named} shows it alone."
