"""Where Python finds a user's modules."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

INSTALLED = ("site-packages", "dist-packages")


@contextmanager
def importable(folder: str) -> Iterator[None]:
    """Let modules in a folder be imported meanwhile, as when Python runs a script there."""
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        if folder in sys.path:
            sys.path.remove(folder)
