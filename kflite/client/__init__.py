"""The client: what users embed, and what the command line and the dashboards are built on.

Lives here: the client, its handles, and the `Session` protocol that they stand on with its one implementation, a store and a
scheduler of this process. Imports the engine, `runs` and all below; HTML and terminal for what a handle shows. The command line,
`kflite.local` and image building import it.
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
