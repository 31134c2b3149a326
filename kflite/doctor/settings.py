"""The settings that differ from their defaults, and where they come from."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import TYPE_CHECKING

from kflite.doctor.finding import Finding

if TYPE_CHECKING:
    from kflite.config import Settings


def changed_settings(settings: Settings) -> Iterator[Finding]:
    for name, origin in settings.origins.items():
        if "." not in name or origin != "default":
            yield Finding(f"setting {name}", True, f"{_text(attrgetter(name)(settings))}  from {origin}")


def _text(value: object) -> str:
    return ", ".join(f"{a}={b}" for a, b in value) or "none" if isinstance(value, tuple) else str(value)
