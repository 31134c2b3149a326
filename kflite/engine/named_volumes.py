"""Volumes on this machine that tasks mount by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kflite.core.frozen import dataclass
from kflite.core.job import VolumeClaim
from kflite.executors.volumes import Volumes

if TYPE_CHECKING:
    from kflite.config import Settings
    from kflite.core.value import Value


@dataclass(frozen=True, slots=True)
class NamedVolume:
    """A volume. size: in bytes, None for a link; origin: "a link", "a task" or "you"; path: for a link, its target."""

    name: str
    size: int | None
    origin: str
    path: Path

    def as_json(self) -> dict[str, Value]:
        """As `--json` prints it."""
        return {"name": self.name, "size": self.size, "from": self.origin, "path": str(self.path)}


def volume_names(settings: Settings) -> list[str]:
    """The names of all volumes."""
    return [*_volumes(settings).names()]


def named_volumes(settings: Settings) -> list[NamedVolume]:
    """All volumes. Blocks, as it adds up their sizes."""
    volumes = _volumes(settings)
    return [_volume(volumes, name) for name in volumes.names()]


def remove_volume(settings: Settings, name: str) -> None:
    """Remove a volume with its content; of a link, only the link."""
    _volumes(settings).settle(VolumeClaim(name, delete=True))


def _volumes(settings: Settings) -> Volumes:
    return Volumes(settings.home / "volumes")


def _volume(volumes: Volumes, name: str) -> NamedVolume:
    from kflite.store.blobs.artifacts import extent

    path = volumes.path(name)
    if path.is_symlink():
        return NamedVolume(name, None, "a link", path.readlink())
    return NamedVolume(name, extent(path), "a task" if volumes.identity(name) else "you", path)
