"""Chooses a view: a live tree in a terminal, lines elsewhere, none if not wanted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from kflite.runs.follow import View
from kflite.runs.log_files import log_files
from kflite.runs.progress import RunProgress
from kflite.terminal.out import Out
from kflite.terminal.plain import Plain, Silent

if TYPE_CHECKING:
    from kflite.core.paths import RunPaths
    from kflite.store.base import RunRow


def for_command(stream: TextIO, run: RunRow, paths: RunPaths, wanted: bool = True) -> View:
    """The view of the command line. Inline tasks write to the stream themselves, so that their runs are shown as lines."""
    out = Out(stream)
    if not wanted:
        return Silent(Out(sys.stderr))
    if out.live and run.on != "inline":
        return _live(out, run.run)

    def log(task: str, attempt: int) -> Path | None:
        files = log_files(paths, task, attempt)
        return paths.attempt(task, attempt) if len(files) > 1 else next(iter(files), None)

    return Plain(out, RunProgress(run.run), log)


def for_script(run: RunRow, wanted: bool) -> View:
    """The view of a blocking call: a tree in a terminal, a line in a notebook, else none."""
    out = Out(sys.stdout)
    if wanted and out.live and run.on != "inline":
        return _live(out, run.run)
    if wanted and "ipykernel" in type(sys.stdout).__module__:
        from kflite.terminal.line import OneLine

        return OneLine(out, RunProgress(run.run))
    return Silent(Out(sys.stderr))


def _live(out: Out, run: str) -> View:
    from kflite.terminal.live import Live

    return Live(out, RunProgress(run))
