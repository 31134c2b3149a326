"""A task's resources, from the quantities of its container."""

from __future__ import annotations

from collections.abc import Mapping

from kflite.core.job import Resources
from kflite.ir.quantity import accelerators, cpus, memory


def needs(texts: Mapping[str, str]) -> tuple[Resources, Resources]:
    """(request, limit) from Kubernetes quantities. As in Kubernetes, the limit replaces a missing request. Raises InputError."""
    gpus = accelerators(texts.get("gpus", ""))
    limit = Resources(cpus(texts.get("cpu_limit", "")), memory(texts.get("memory_limit", "")), gpus)
    request = Resources(
        cpus(texts.get("cpu_request", "")) or limit.cpus, memory(texts.get("memory_request", "")) or limit.memory, gpus
    )
    return request, limit
