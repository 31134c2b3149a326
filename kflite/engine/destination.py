"""The cluster that a value of `--on` names."""

from __future__ import annotations

CLUSTER = "kubernetes"


def cluster_of(on: str) -> str | None:
    """CONTEXT/NAMESPACE of `kubernetes:CONTEXT/NAMESPACE`, "" for `kubernetes` alone; None for other targets."""
    name, _, where = on.partition(":")
    return where if name == CLUSTER else None
