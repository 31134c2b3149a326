"""Tests that change a cluster's node have the cluster to themselves, among all processes of this machine that test there."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def inside(kubeconfig: Path, alone: bool) -> Iterator[None]:
    """With others, or alone; nobody passes by one who waits to be alone.

    The locks are on the cluster's kubeconfig and its folder, which every user who tests there can read.
    """
    with _opened(kubeconfig.parent) as gate, _opened(kubeconfig) as room:
        fcntl.flock(gate, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(gate, fcntl.LOCK_UN)
        yield


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
