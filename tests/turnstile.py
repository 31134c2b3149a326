"""Tests that change a cluster's node have the cluster to themselves, among all processes of this machine that test there."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PLACE = Path(tempfile.gettempdir())


@contextmanager
def inside(alone: bool) -> Iterator[None]:
    """With others, or alone; nobody passes by one who waits to be alone."""
    with (_PLACE / "kflite-test-gate").open("a") as gate, (_PLACE / "kflite-test-room").open("a") as room:
        fcntl.flock(gate, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(gate, fcntl.LOCK_UN)
        yield
