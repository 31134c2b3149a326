"""Artifacts by their URIs, on this machine's disk or wherever fsspec has a driver for: what the scheduler is given as `Blobs`."""

from __future__ import annotations

from pathlib import Path

from kflite.core.frozen import dataclass
from kflite.core.value import Artifact
from kflite.store.blobs import artifacts, remote, staging


@dataclass(frozen=True, slots=True)
class FileBlobs:
    """root: the folder or URL below which artifacts are kept."""

    root: str

    def is_remote(self, uri: str) -> bool:
        return remote.is_remote(uri)

    def intact(self, artifact: Artifact) -> bool:
        return artifacts.intact(artifact, self.root)

    def version(self, uri: str) -> tuple[str, int]:
        return remote.version(uri)

    def digest(self, path: Path) -> tuple[str, int]:
        return artifacts.digest(path)

    def content(self, uri: str) -> tuple[str, int]:
        return artifacts.content(uri)

    def fetch(self, uri: str, path: Path) -> None:
        artifacts.fetch(uri, path)

    def push(self, path: Path, uri: str) -> None:
        artifacts.push(path, uri)

    def bring(self, uri: str, path: Path, folder: Path, token: str) -> None:
        staging.bring(uri, path, folder, token)

    def delete(self, uri: str) -> None:
        artifacts.delete(uri)
