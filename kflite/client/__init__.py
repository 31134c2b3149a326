"""The client, which users embed and the command line uses, its handles, and the `Session` protocol that both rely on.

`LocalSession`, a store with a scheduler of this process, is its one implementation. The client imports the engine, `runs` and the
layers below, and HTML and the terminal for showing handles. The command line, `kflite.local`, image building and the doctor
import it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kflite.client.blocking import run, tune
    from kflite.client.client import Client
    from kflite.client.comparison import Comparison, compare
    from kflite.client.run_handle import Run
    from kflite.client.session import Session
    from kflite.client.task import Task
    from kflite.client.tuning import Trial, Tuning
    from kflite.runs.artifact import RunArtifact

__all__ = ["Client", "Comparison", "Run", "RunArtifact", "Session", "Task", "Trial", "Tuning", "compare", "run", "tune"]

_HOMES = {
    "Client": "kflite.client.client",
    "Comparison": "kflite.client.comparison",
    "Run": "kflite.client.run_handle",
    "RunArtifact": "kflite.runs.artifact",
    "Session": "kflite.client.session",
    "Task": "kflite.client.task",
    "Trial": "kflite.client.tuning",
    "Tuning": "kflite.client.tuning",
    "compare": "kflite.client.comparison",
    "run": "kflite.client.blocking",
    "tune": "kflite.client.blocking",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'kflite.client' has no attribute {name!r}")
