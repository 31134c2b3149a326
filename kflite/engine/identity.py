"""Which tasks have a result that depends on where they run: their executor is asked before they are queued."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kflite.plans.dag.work import ContainerWork
from kflite.runtime import bootstrap

if TYPE_CHECKING:
    from kflite.core.plan import Work


def has_identity(on: str, work: Work) -> bool:
    """Whether an image, volume, secret or config map of the executor decides the task's result."""
    if not isinstance(work, ContainerWork) or on.partition(":")[0] == "kubernetes":
        return False
    settings = work.config.settings
    return bool(settings.mounts or settings.secrets) or _in_container(on, work)


def _in_container(on: str, work: ContainerWork) -> bool:
    return on == "docker" or (on == "local" and not bootstrap.as_python(work.container.command, work.container.args))
