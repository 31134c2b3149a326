"""Comparing runs: what `kflite.compare` gives, which can be shown in a notebook and kept as a page."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from kflite.client.run_handle import Run
from kflite.errors import InputError
from kflite.runs.compare import ComparedRuns, compared
from kflite.store.base import RunRow, TaskRow


class Comparison(ComparedRuns):
    """What runs have in common and where they differ, as data and as a page."""

    __slots__ = ()

    @classmethod
    def of(cls, sides: Sequence[tuple[RunRow, Sequence[TaskRow]]]) -> Comparison:
        """The comparison of runs with their tasks."""
        data = compared(sides)
        return cls(data.runs, data.entries, data.curves, data.matrices)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the comparison as a page for a browser, with curves over each other; returns its absolute path."""
        from kflite.html.comparison import comparison_page
        from kflite.html.document import write

        return write(comparison_page(self), Path(path))

    def _repr_html_(self) -> str:
        from kflite.html.comparison import comparison
        from kflite.html.document import part

        return part(comparison(self))


def compare(*runs: Run | str, store: str = "", home: str = "") -> Comparison:
    """Compare runs: handles, or ids or unique beginnings of ids. The first one is what the others are compared with.

    store, home: where runs that are named are, if the settings do not say so. Raises InputError for fewer than two, NotFound.
    """
    if len(runs) < 2:
        raise InputError(f"a comparison takes two runs or more, not {len(runs)}")
    return Comparison.of([_read(run, store, home) if isinstance(run, str) else _held(run) for run in runs])


def _held(run: Run) -> tuple[RunRow, list[TaskRow]]:
    return run.row, run.task_rows


def _read(run: str, store: str, home: str) -> tuple[RunRow, list[TaskRow]]:
    from kflite import config
    from kflite.runs.stored import open_store

    flags = {name: text for name, text in (("store", store), ("home", home)) if text}
    with open_store(config.load(flags)) as opened:
        row = opened.run(run)
        return row, opened.tasks(row.run)
