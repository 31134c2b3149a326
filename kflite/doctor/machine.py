"""CPUs and memory of this machine."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kflite.doctor.finding import Finding
from kflite.format import size

if TYPE_CHECKING:
    from kflite.config import Settings


def machine_resources(_: Settings) -> Iterator[Finding]:
    from kflite.executors.machine import machine

    resources = machine()
    yield Finding(
        "machine", True, f"{resources.cpus:g} CPUs, {size(resources.memory)} memory, {platform.system()} {platform.machine()}"
    )
