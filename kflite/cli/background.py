"""`--detach` and `--submit`: leave a run to another process, and print its id."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kflite.runs import background

if TYPE_CHECKING:
    from kflite.config import Settings
    from kflite.scheduler.submission import Submission
    from kflite.store.base import RunRow


def detach(settings: Settings, submission: Submission, json_: bool) -> int:
    """Store the run, and leave it to a scheduler in the background."""
    return leave(settings, background.stored(settings, submission, "--detach"), json_)


def submit(settings: Settings, submission: Submission, json_: bool) -> int:
    """Store the run, and leave it to whoever serves the store."""
    return _print(background.stored(settings, submission, "--submit"), json_)


def leave(settings: Settings, run: RunRow, json_: bool) -> int:
    """Leave a stored run to a scheduler in the background."""
    background.start(settings, run.run)
    return _print(run, json_)


def _print(run: RunRow, json_: bool) -> int:
    from kflite.terminal.out import Out

    out = Out(sys.stdout)
    if json_:
        out.document({"run": run.run, "name": run.name, "state": run.state.value})
    else:
        out.line(run.run)
    return 0
