"""Runs in the background: a process of its own session takes a stored run over."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from kflite.config import Settings
from kflite.core.paths import private

_ROOT = Path(__file__).resolve().parents[2]
# The user's working folder is not searched for modules; the folder that holds kflite is, after all others.
_CODE = "import sys; sys.path.append(sys.argv.pop(1)); from kflite.cli import main; main()"


def start(settings: Settings, run: str) -> None:
    """Start a scheduler that goes on with the run after this process; it logs to the run's folder."""
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
