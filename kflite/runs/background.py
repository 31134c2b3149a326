"""Runs in the background: stored without an owner, and taken over by a process of its own session or by `kflite serve`."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from kflite.config import Settings
from kflite.core.paths import private
from kflite.errors import InputError
from kflite.scheduler.submission import Submission
from kflite.store.base import RunRow

_ROOT = Path(__file__).resolve().parents[2]
# The folder that the user works in is not searched for modules; the one that kflite lies in is, after all others.
_CODE = "import sys; sys.path.append(sys.argv.pop(1)); from kflite.cli import main; main()"


def stored(settings: Settings, submission: Submission, option: str) -> RunRow:
    """Store a run that nobody owns yet. option: what asked for that. Raises InputError for one that must run in this process."""
    from kflite import store
    from kflite.runs.experiments import admit

    if submission.on == "inline":
        raise InputError(f"{option}: a run inline has no other process to go on in; use --on process")
    opened = store.open(settings.store)
    try:
        admit(opened, submission.experiment)
        opened.put_plan(submission.digest, submission.kind, submission.document)
        opened.append([submission.event(time.time())])
        return opened.run(submission.run)
    finally:
        opened.close()


def start(settings: Settings, run: str) -> None:
    """Start a scheduler that goes on with the run after this process; what it says is in the run's folder."""
    folder = settings.home / "runs" / run
    for made in (settings.home, folder.parent, folder):
        made.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = ["--home", str(settings.home), "--store", settings.store, "--artifacts", settings.artifacts]
    with open(folder / "scheduler.log", "ab", opener=private) as log:
        subprocess.Popen(
            [sys.executable, "-P", "-c", _CODE, str(_ROOT), *flags, "resume", run, "--patient"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
