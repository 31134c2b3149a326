"""kflite: pipelines, tuning, training and notebooks, on a laptop first and on a cluster unchanged.

The public names live here and are loaded when first used, so that `import kflite` costs nothing that is not needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kflite import compiler, components, dsl, kubernetes, local, space
    from kflite.client import Client, Comparison, Run, Tuning, compare, run, tune
    from kflite.errors import KfliteError

__version__ = "0.1.0"
__all__ = [
    "Client",
    "Comparison",
    "KfliteError",
    "Run",
    "Tuning",
    "compare",
    "compiler",
    "components",
    "dsl",
    "kubernetes",
    "local",
    "run",
    "space",
    "tune",
]

_HOMES = {
    "Client": "kflite.client",
    "Comparison": "kflite.client",
    "Run": "kflite.client",
    "Tuning": "kflite.client",
    "compare": "kflite.client",
    "run": "kflite.client",
    "tune": "kflite.client",
    "KfliteError": "kflite.errors",
}


def __getattr__(name: str) -> object:
    if name in ("compiler", "components", "dsl", "kubernetes", "local", "space"):
        return import_module(f"kflite.{name}")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'kflite' has no attribute {name!r}")
