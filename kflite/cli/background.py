"""`--detach` and `--submit`: leave a run to another process, and print its id."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kflite.runs.background import start
from kflite.runs.stored import open_store
from kflite.runs.submit import store_unowned

if TYPE_CHECKING:
    from kflite.config import Settings
    from kflite.runs.stored import RunRow
    from kflite.scheduler.submission import Submission


def detach(settings: Settings, submission: Submission, json_: bool) -> int:
    """Store the run, and leave it to a scheduler in the background."""
    with open_store(settings) as store:
        row = store_unowned(store, submission, "--detach")
    return leave(settings, row, json_)


def submit(settings: Settings, submission: Submission, json_: bool) -> int:
    """Store the run, and leave it to `kflite serve`."""
    with open_store(settings) as store:
        return _print(store_unowned(store, submission, "--submit"), json_)


def leave(settings: Settings, run: RunRow, json_: bool) -> int:
    """Leave a stored run to a scheduler in the background."""
    start(settings, run.run)
    return _print(run, json_)


def _print(run: RunRow, json_: bool) -> int:
    from kflite.terminal.out import Out

    out = Out(sys.stdout)
    if json_:
        out.document({"run": run.run, "name": run.name, "state": run.state.value})
    else:
        out.line(run.run)
    return 0
