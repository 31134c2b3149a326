"""What stands in an artifact's file, wherever that is, as long as it is not too long."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kflite.core.paths import Place
from kflite.core.value import Artifact
from kflite.errors import KfliteError
from kflite.format import size

LONGEST = 8 * 2**20  # bytes; plotly's whole script, which people put into their pages, has 5 million


@dataclass(frozen=True, slots=True)
class Content:
    """A text, or the trouble that there was with it."""

    text: str = ""
    trouble: str = ""


def content(artifact: Artifact, place: Place, longest: int = LONGEST) -> Content:
    """The text of a file on this machine or at a URL; bytes that are no text are replaced."""
    try:
        held = _bytes(artifact, place, longest + 1)
    except KfliteError as error:
        return Content(trouble=str(error))
    except OSError as error:
        return Content(trouble=f"{artifact.uri} cannot be read: {error.strerror}")
    if len(held) > longest:
        return Content(trouble=f"{artifact.uri} is longer than {size(longest)}, and not shown: kflite artifacts get copies it")
    return Content(held.decode("utf-8-sig", "replace"))


def _bytes(artifact: Artifact, place: Place, most: int) -> bytes:
    from kflite.store.blobs.artifacts import head

    places = [artifact.uri, str(place.path(artifact.uri)), artifact.custom_path]
    local = next((path for path in places if path and "://" not in path and Path(path).exists()), None)
    return head(local or artifact.uri, most)
