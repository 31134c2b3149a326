"""The client: what users embed, and what the command line and the dashboards are built on.

May live here: submitting, following and reading runs, and how a run looks in text. Imports all below it; nothing above it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kflite.client.blocking import run, tune
    from kflite.client.client import Client
    from kflite.client.comparison import Comparison, compare
    from kflite.client.run_handle import Run
    from kflite.client.task import Task
    from kflite.client.tuning import Trial, Tuning
    from kflite.runs.artifact import Made

__all__ = ["Client", "Comparison", "Made", "Run", "Task", "Trial", "Tuning", "compare", "run", "tune"]

_HOMES = {
    "Client": "kflite.client.client",
    "Comparison": "kflite.client.comparison",
    "Made": "kflite.runs.artifact",
    "Run": "kflite.client.run_handle",
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
