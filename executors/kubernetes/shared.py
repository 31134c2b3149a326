"""What all attempts of an executor use."""

from __future__ import annotations

from dataclasses import field

from kflite.core.frozen import dataclass
from kflite.executors.kubernetes.api import Api
from kflite.executors.kubernetes.cleanup import Cleanup
from kflite.executors.kubernetes.options import KubernetesOptions
from kflite.executors.kubernetes.owners import Owners
from kflite.executors.kubernetes.pod_watch import PodWatch


@dataclass(frozen=True, slots=True)
class ClusterShared:
    """cleanup: says when pods that have ended may be removed, so that they do not hold up others."""

    api: Api
    watch: PodWatch
    owners: Owners
    settings: KubernetesOptions
    cleanup: Cleanup = field(default_factory=Cleanup)
