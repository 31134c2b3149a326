"""Artifacts for users: with a URI, and a path on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from kflite.core.frozen import dataclass
from kflite.core.paths import RunPaths
from kflite.core.value import Artifact, Value
from kflite.store.base import ArtifactRow


def by_output(rows: Iterable[ArtifactRow]) -> dict[str, Value]:
    """Artifacts by the name of the output, or of the run's input, as in `Outputs.as_json()["artifacts"]`."""
    artifacts: dict[str, list[Value]] = {}
    for row in rows:
        artifacts.setdefault(row.output, []).append(row.artifact.as_json())
    return {**artifacts}


@dataclass(frozen=True, slots=True)
class RunArtifact:
    """A file or folder that a task made. digest: hash of its content; size: in bytes; both may be unknown ("" and 0).

    outside: "" for artifacts that kflite keeps, else how it was imported.
    """

    name: str
    uri: str
    path: Path
    type: str
    metadata: Mapping[str, Value]
    digest: str
    size: int
    outside: str = ""

    @classmethod
    def of(cls, artifact: Artifact, paths: RunPaths) -> RunArtifact:
        """The artifact with its path on this machine."""
        path = Path(artifact.custom_path) if artifact.custom_path else paths.path(artifact.uri)
        content = (artifact.digest, artifact.size, artifact.outside)
        return cls(artifact.name, artifact.uri, path, artifact.type, artifact.metadata, *content)

    def as_artifact(self) -> Artifact:
        """The artifact as the store keeps it."""
        return Artifact(
            name=self.name,
            uri=self.uri,
            type=self.type,
            metadata=self.metadata,
            digest=self.digest,
            size=self.size,
            outside=self.outside,
        )

    @classmethod
    def named(cls, artifacts: Mapping[str, Value], paths: RunPaths) -> dict[str, RunArtifact | list[RunArtifact]]:
        """Artifacts of a row by name: a single one itself, several as a list."""
        by_name: dict[str, RunArtifact | list[RunArtifact]] = {}
        for name, group in artifacts.items():
            assert isinstance(group, list)
            listed = [cls.of(Artifact.from_json(document), paths) for document in group if isinstance(document, dict)]
            by_name[name] = listed[0] if len(listed) == 1 else listed
        return by_name
