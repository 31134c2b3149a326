"""The GPUs of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kflite.doctor.finding import Finding

if TYPE_CHECKING:
    from kflite.config import Settings


def gpus_found(_: Settings) -> Iterator[Finding]:
    from kflite.executors.machine import gpus

    names = gpus()
    if names:
        yield Finding("gpus", True, f"{len(names)}: {', '.join(names)}")
    else:
        yield Finding("gpus", None, "none", "NVIDIA's driver makes /dev/nvidia0; only tasks that ask for GPUs need one")
