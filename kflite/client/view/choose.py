"""Which view suits: a live tree in a terminal, lines elsewhere, nothing where nothing is wanted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from kflite.client.board import Board
from kflite.client.feed import View
from kflite.client.task import log_files
from kflite.client.view.live import Live
from kflite.client.view.out import Out
from kflite.client.view.plain import Plain, Silent

if TYPE_CHECKING:
    from kflite.client.client import Client
    from kflite.client.handle import Run


def choose(stream: TextIO, client: Client, run: Run, wanted: bool = True) -> View:
    """The view of a run on a stream. Tasks that run inline write to the terminal themselves, so that lines it is for them."""
    out = Out(stream)
    if not wanted:
        return Silent(Out(sys.stderr))
    if out.live and run.row.on != "inline":
        return Live(out, Board(run.id))

    def log(task: str, attempt: int) -> Path:
        files = log_files(run.place, task, attempt)
        return files[0] if len(files) == 1 else run.place.attempt(task, attempt)

    return Plain(out, Board(run.id), log)
