"""The image map of the settings, from patterns to images, for mirrors and offline sites. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from kflite.core.frozen import dataclass

_HUB = ("docker.io/library/", "docker.io/", "index.docker.io/library/", "index.docker.io/")


@dataclass(frozen=True, slots=True)
class ImageMap:
    """Ordered pairs of pattern and image; the first pattern that matches wins."""

    rules: tuple[tuple[str, str], ...] = ()

    def image(self, name: str) -> str:
        """The image to use for `name`: `name` itself if no rule matches."""
        for pattern, image in self.rules:
            if any(fnmatchcase(spelling, pattern) for spelling in _spellings(name)):
                return image
        return name


def _spellings(name: str) -> Iterator[str]:
    """The image as written, as Docker Hub's short name, and with its implicit tag, so that one rule matches all."""
    short = next((name.removeprefix(hub) for hub in _HUB if name.startswith(hub)), name)
    for spelling in dict.fromkeys((name, short)):
        yield spelling
        if ":" not in spelling.rpartition("/")[2] and "@" not in spelling:
            yield spelling + ":latest"
