"""The manifests of a scheduler that runs in a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kflite.core.value import Value


def deployment(image: str, namespace: str, secret: str, storage: str, replicas: int, size: str) -> Sequence[dict[str, Value]]:
    """All manifests. secret, storage: names of secrets, "" for none; size: of the volume where there is no secret."""
    from kflite.executors.kubernetes.deployment import Deployment, manifests

    return manifests(Deployment(image, namespace, secret, storage, replicas, size))


def rights(namespace: str) -> Sequence[dict[str, Value]]:
    """The manifests of the account and its rights."""
    from kflite.executors.kubernetes.deployment import rights as manifests

    return manifests(namespace)
