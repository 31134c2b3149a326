"""Which view suits: a live tree in a terminal, lines elsewhere, nothing where nothing is wanted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from kflite.client.board import Board
from kflite.client.feed import View
from kflite.client.task import log_files
from kflite.client.view.out import Out
from kflite.client.view.plain import Plain, Silent

if TYPE_CHECKING:
    from kflite.client.handle import Run


def for_command(stream: TextIO, run: Run, wanted: bool = True) -> View:
    """The view of the command line on a stream. Tasks that run inline write there themselves, so that lines it is for them."""
    out = Out(stream)
    if not wanted:
        return Silent(Out(sys.stderr))
    if out.live and run.row.on != "inline":
        return _live(out, run)

    def log(task: str, attempt: int) -> Path | None:
        files = log_files(run.place, task, attempt)
        return run.place.attempt(task, attempt) if len(files) > 1 else next(iter(files), None)

    return Plain(out, Board(run.id), log)


def for_script(run: Run, wanted: bool) -> View:
    """The view of a blocking call: a tree in a terminal, a line in a notebook; where nobody looks, nothing."""
    out = Out(sys.stdout)
    if wanted and out.live and run.row.on != "inline":
        return _live(out, run)
    if wanted and "ipykernel" in type(sys.stdout).__module__:
        from kflite.client.view.line import OneLine

        return OneLine(out, Board(run.id))
    return Silent(Out(sys.stderr))


def _live(out: Out, run: Run) -> View:
    from kflite.client.view.live import Live

    return Live(out, Board(run.id))
