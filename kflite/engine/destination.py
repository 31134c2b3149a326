"""Where a run goes, as a word of `--on` says it."""

from __future__ import annotations

CLUSTER = "kubernetes"


def cluster_of(on: str) -> str | None:
    """CONTEXT/NAMESPACE in `kubernetes:CONTEXT/NAMESPACE`, "" for `kubernetes` alone; None for anywhere but a cluster."""
    name, _, where = on.partition(":")
    return where if name == CLUSTER else None
