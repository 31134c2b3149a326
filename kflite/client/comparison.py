"""Comparisons of runs, which notebooks show and which can be saved as a page."""

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
        """Write the comparison as an HTML page with overlaid curves; returns its absolute path."""
        from kflite.html.comparison import comparison_page
        from kflite.html.document import write

        return write(comparison_page(self), Path(path))

    def _repr_html_(self) -> str:
        from kflite.html.comparison import comparison
        from kflite.html.document import part

        return part(comparison(self))


def compare(*runs: Run | str, store: str = "", home: str = "") -> Comparison:
    """Compare runs, given as handles, ids or unique prefixes of ids, with the first one.

    store, home: where to find runs given by id, by default as configured. Raises InputError for fewer than two, NotFound.
    """
    if len(runs) < 2:
        raise InputError(f"a comparison takes two runs or more, not {len(runs)}")
    return Comparison.of([_read(run, store, home) if isinstance(run, str) else _rows_of(run) for run in runs])


def _rows_of(run: Run) -> tuple[RunRow, list[TaskRow]]:
    return run.row, run.task_rows


def _read(run: str, store: str, home: str) -> tuple[RunRow, list[TaskRow]]:
    from kflite import config
    from kflite.runs.stored import open_store

    flags = {name: text for name, text in (("store", store), ("home", home)) if text}
    with open_store(config.load(flags)) as opened:
        row = opened.run(run)
        return row, opened.tasks(row.run)
