"""A target, found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kflite.core.value import Value
from kflite.ir.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class Target:
    """What there is to run. pipeline: for the kind "pipeline"; document: for other kinds; source: where it came from."""

    kind: str
    name: str
    pipeline: Pipeline | None
    document: Mapping[str, Value] | None
    source: str
