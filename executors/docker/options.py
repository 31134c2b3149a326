"""What a user can choose about containers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Self

from kflite.config import DockerSettings
from kflite.executors.images import ImageMap


@dataclass(frozen=True, slots=True)
class DockerOptions(DockerSettings):
    """How the Docker executor works: the settings' table, and the map of images."""

    images: ImageMap = ImageMap()

    @classmethod
    def of(cls, table: DockerSettings, images: ImageMap) -> Self:
        """The options of a user's settings."""
        return cls(**asdict(table), images=images)
