"""Moves an attempt's outputs to their final place, hashes them, and pushes them to remote storage. Everything here blocks."""

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


def publish(attempt: Attempt, outputs: Outputs, blobs: Blobs) -> Outputs:
    """The outputs with their final URIs, digests and sizes; unwritten ones stay as they are. Raises KfliteError, OSError."""
    published = {
        name: tuple(
            _publish_artifact(attempt, blobs, artifact, f"{name}-{index}" if index else name)
            for index, artifact in enumerate(group)
        )
        for name, group in outputs.artifacts.items()
    }
    return Outputs(outputs.parameters, published)


def publish_logs(attempt: Attempt, blobs: Blobs) -> None:
    """Push the attempt's logs for other machines. Failures are ignored: the logs are still readable here."""
    target = attempt.paths.logs(attempt.task, attempt.job.attempt)
    for replica in attempt.job.replicas:
        if replica.log.exists():
            with suppress(KfliteError):
                blobs.push(replica.log, f"{target}/{replica.log.name}")


def _publish_artifact(attempt: Attempt, blobs: Blobs, artifact: Artifact, name: str) -> Artifact:
    paths = attempt.paths
    path = paths.path(artifact.uri)
    own = path.is_relative_to(attempt.job.folder)  # private to the attempt, as URIs of `dsl.get_uri` are
    uri = paths.artifact(attempt.task, attempt.job.attempt, name) if own else paths.uri(path)
    source = Path(artifact.custom_path) if artifact.custom_path else path
    published = replace(artifact, uri=uri, custom_path="")
    if blobs.is_remote(uri) and not uri.startswith(f"{paths.root}/"):
        if artifact.custom_path and source.exists():
            blobs.push(source, uri)
        return published if uri.startswith(NAMES) and not artifact.custom_path else replace(published, outside="any")
    if source.exists() and source != paths.path(uri):
        _copy(blobs, source, paths.path(uri))
    return _hashed(blobs, published, paths.path(uri))


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
        digest, size = blobs.version(artifact.uri)
    except KfliteError:
        return artifact
    return replace(artifact, digest=digest, size=size)
