"""What an attempt made: brought to where it is to lie, hashed, and pushed to where artifacts are kept. All of it blocks."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kflite.core.value import NAMES, Artifact, Outputs
from kflite.errors import KfliteError

if TYPE_CHECKING:
    from kflite.scheduler.attempt import Attempt
    from kflite.store.base import Blobs


def keep(attempt: Attempt, outputs: Outputs, blobs: Blobs) -> Outputs:
    """The outputs with what is known of their bytes; one that was not written is left as it is. Raises KfliteError, OSError."""
    kept = {
        name: tuple(_kept(attempt, blobs, artifact, f"{name}-{index}" if index else name) for index, artifact in enumerate(group))
        for name, group in outputs.artifacts.items()
    }
    return Outputs(outputs.parameters, kept)


def keep_logs(attempt: Attempt, blobs: Blobs) -> None:
    """Let other machines read what the attempt wrote. Where that cannot be, it is read here: no reason to fail a task."""
    kept = attempt.place.logs(attempt.task, attempt.job.attempt)
    for replica in attempt.job.replicas:
        if replica.log.exists():
            with suppress(KfliteError):
                blobs.push(replica.log, f"{kept}/{replica.log.name}")


def _kept(attempt: Attempt, blobs: Blobs, artifact: Artifact, name: str) -> Artifact:
    place = attempt.place
    path = place.path(artifact.uri)
    own = path.is_relative_to(attempt.job.folder)  # private to the attempt, as what `dsl.get_uri` names
    uri = place.artifact(attempt.task, attempt.job.attempt, name) if own else place.uri(path)
    source = Path(artifact.custom_path) if artifact.custom_path else path
    held = replace(artifact, uri=uri, custom_path="")
    if blobs.is_remote(uri) and not uri.startswith(f"{place.root}/"):
        if artifact.custom_path and source.exists():
            blobs.push(source, uri)
        return held if uri.startswith(NAMES) and not artifact.custom_path else replace(held, outside="any")
    if source.exists() and source != place.path(uri):
        _copy(blobs, source, place.path(uri))
    return _hashed(blobs, held, place.path(uri))


def _copy(blobs: Blobs, source: Path, target: Path) -> None:
    blobs.delete(str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target)


def _hashed(blobs: Blobs, artifact: Artifact, path: Path) -> Artifact:
    if path.exists():
        digest, size = blobs.digest(path)
        if blobs.is_remote(artifact.uri):
            blobs.push(path, artifact.uri)
        return replace(artifact, digest=digest, size=size)
    if not blobs.is_remote(artifact.uri):
        return artifact
    try:  # the executor has pushed it already
        digest, size = blobs.look(artifact.uri)
    except KfliteError:
        return artifact
    return replace(artifact, digest=digest, size=size)
