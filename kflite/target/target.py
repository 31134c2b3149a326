"""The target of a run."""

from __future__ import annotations

from collections.abc import Mapping

from kflite.core.frozen import dataclass
from kflite.core.value import Value
from kflite.ir.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class Target:
    """Something to run. pipeline: for the kind "pipeline"; document: for other kinds; source: its origin, for messages."""

    kind: str
    name: str
    pipeline: Pipeline | None
    document: Mapping[str, Value] | None
    source: str
