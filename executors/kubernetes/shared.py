"""What all attempts of an executor use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kflite.executors.kubernetes.api import Api
from kflite.executors.kubernetes.clearing import Clearing
from kflite.executors.kubernetes.owners import Owners
from kflite.executors.kubernetes.settings import Settings
from kflite.executors.kubernetes.watch import Watch


@dataclass(frozen=True, slots=True)
class Shared:
    """progress: gets a job's id and a note on what it waits for, "" once it waits no longer.

    clearing: says when pods that have ended may be removed, so that they do not hold up others.
    """

    api: Api
    watch: Watch
    owners: Owners
    settings: Settings
    progress: Callable[[str, str], None] = lambda job, text: None
    clearing: Clearing = field(default_factory=Clearing)
