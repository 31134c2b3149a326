"""The content of an artifact's file, local or remote, up to a size limit."""

from __future__ import annotations

from pathlib import Path

from kflite.core.frozen import dataclass
from kflite.core.paths import RunPaths
from kflite.core.value import Artifact
from kflite.errors import KfliteError
from kflite.format import size

LONGEST = 8 * 2**20  # bytes; plotly's script, which people embed in pages, has 5 million


@dataclass(frozen=True, slots=True)
class Content:
    """A text, or the problem that occurred while reading it."""

    text: str = ""
    problem: str = ""


def content(artifact: Artifact, paths: RunPaths, longest: int = LONGEST) -> Content:
    """The text of a local or remote file; bytes that are no text are replaced."""
    try:
        data = _bytes(artifact, paths, longest + 1)
    except KfliteError as error:
        return Content(problem=str(error))
    except OSError as error:
        return Content(problem=f"{artifact.uri} cannot be read: {error.strerror}")
    if len(data) > longest:
        return Content(problem=f"{artifact.uri} is longer than {size(longest)}, and not shown: kflite artifacts get copies it")
    return Content(data.decode("utf-8-sig", "replace"))


def _bytes(artifact: Artifact, paths: RunPaths, most: int) -> bytes:
    from kflite.store.blobs.artifacts import head

    candidates = [artifact.uri, str(paths.path(artifact.uri)), artifact.custom_path]
    local = next((path for path in candidates if path and "://" not in path and Path(path).exists()), None)
    return head(local or artifact.uri, most)
