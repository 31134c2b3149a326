"""Copying artifacts to a path of the user's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kflite.errors import InputError, NotFound

if TYPE_CHECKING:
    from kflite.store.base import ArtifactRow


def copy_out(row: ArtifactRow, to: Path, overwrite: bool) -> Path:
    """Copy an artifact to a path, or into it where that is a folder; returns the path of the copy. Blocks.

    Raises InputError if the target exists, NotFound if the artifact is gone.
    """
    from kflite.store.blobs.artifacts import delete, exists, fetch

    target = to / row.artifact.uri.rstrip("/").rpartition("/")[2] if to.is_dir() else to
    if target.exists() and not overwrite:
        raise InputError(f"{target} exists: name another path, or overwrite it with --force")
    if not exists(row.artifact.uri):
        raise NotFound(f"artifact {row.id} is gone, nothing is at {row.artifact.uri}: kflite clone {row.run} makes it again")
    delete(str(target))
    fetch(row.artifact.uri, target)
    return target
