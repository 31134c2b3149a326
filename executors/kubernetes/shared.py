"""What all attempts of an executor use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from kflite.executors.kubernetes.api import Api
from kflite.executors.kubernetes.owners import Owners
from kflite.executors.kubernetes.settings import Settings
from kflite.executors.kubernetes.watch import Watch

_CLEARING = 4  # at once


@dataclass(frozen=True, slots=True)
class Shared:
    """progress: gets a job's id and a note on what it waits for, "" once it waits no longer.

    clearing: held by whoever removes pods that have ended, so that they do not hold up those that are to start.
    """

    api: Api
    watch: Watch
    owners: Owners
    settings: Settings
    progress: Callable[[str, str], None] = lambda job, text: None
    clearing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_CLEARING))
