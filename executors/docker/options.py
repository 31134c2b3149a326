"""The user's options for containers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Self

from kflite.config import DockerSettings
from kflite.core.frozen import dataclass
from kflite.executors.images import ImageMap


@dataclass(frozen=True, slots=True)
class DockerOptions(DockerSettings):
    """Options of the Docker executor: the settings' table and the image map."""

    images: ImageMap = ImageMap()

    @classmethod
    def of(cls, table: DockerSettings, images: ImageMap) -> Self:
        """The options of a user's settings."""
        return cls(**asdict(table), images=images)
