"""Background runs: a process in a session of its own adopts a stored run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from kflite.config import Settings
from kflite.core.paths import private

_ROOT = Path(__file__).resolve().parents[2]
# Modules are not searched for in the working folder; kflite's own folder comes last.
_CODE = "import sys; sys.path.append(sys.argv.pop(1)); from kflite.cli import main; main()"


def start(settings: Settings, run: str) -> None:
    """Start a scheduler for the run that outlives this process, and logs to the run's folder."""
    folder = settings.home / "runs" / run
    for created in (settings.home, folder.parent, folder):
        created.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = ["--home", str(settings.home), "--store", settings.store, "--artifacts", settings.artifacts]
    with open(folder / "scheduler.log", "ab", opener=private) as log:
        subprocess.Popen(
            [sys.executable, "-P", "-c", _CODE, str(_ROOT), *flags, "resume", run, "--patient"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
