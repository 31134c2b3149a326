"""Free space and write access of the folders for data."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kflite.doctor.finding import Finding
from kflite.format import size

if TYPE_CHECKING:
    from kflite.config import Settings

_LOW_DISK = 2_000_000_000  # bytes free below which runs with data are likely to fail


def disk(settings: Settings) -> Iterator[Finding]:
    yield from _folder("home", settings.home)
    if "://" not in settings.artifacts:
        yield from _folder("artifacts", Path(settings.artifacts))


def _folder(name: str, folder: Path) -> Iterator[Finding]:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    text = f"{size(free)} free at {folder}"
    if not os.access(existing, os.W_OK):
        yield Finding(f"disk {name}", False, f"{existing} cannot be written", f"choose another place: --{name} FOLDER")
    elif free < _LOW_DISK:
        yield Finding(f"disk {name}", False, text, f"make room, or choose another place: --{name} FOLDER")
    else:
        yield Finding(f"disk {name}", True, text)
