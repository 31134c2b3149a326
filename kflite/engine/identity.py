"""Which tasks have a result that depends on where they run: these are looked at by their executor before they are queued."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kflite.plans.dag.work import ContainerWork
from kflite.runtime import bootstrap

if TYPE_CHECKING:
    from kflite.core.plan import Work


def identified(on: str, work: Work) -> bool:
    """Whether an image, a volume or a config map decides its result there, beside what its key is made of anyway."""
    if not isinstance(work, ContainerWork) or on.partition(":")[0] == "kubernetes":
        return False
    held = work.config.settings
    return bool(held.mounts or held.secrets) or _contained(on, work)


def _contained(on: str, work: ContainerWork) -> bool:
    return on == "docker" or (on == "local" and not bootstrap.as_python(work.container.command, work.container.args))
