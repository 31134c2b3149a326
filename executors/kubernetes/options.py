"""The user's options for pods."""

from __future__ import annotations

from dataclasses import asdict
from typing import Self

from kflite.config import KubernetesSettings
from kflite.core.frozen import dataclass
from kflite.executors.images import ImageMap


@dataclass(frozen=True, slots=True)
class KubernetesOptions(KubernetesSettings):
    """How the Kubernetes executor works: the settings' table, and what it shares with other executors.

    home: where this machine keeps the folders of attempts; those that lie elsewhere are another machine's, "" for none.
    """

    images: ImageMap = ImageMap()
    profile: str = ""
    home: str = ""

    @classmethod
    def of(cls, table: KubernetesSettings, images: ImageMap, profile: str, home: str) -> Self:
        """The options of a user's settings."""
        return cls(**asdict(table), images=images, profile=profile, home=home)
