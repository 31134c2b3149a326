"""An artifact as users hold it: its URI, and the path where its bytes are on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kflite.core.paths import RunPaths
from kflite.core.value import Artifact, Value
from kflite.store.base import ArtifactRow


def by_output(rows: Iterable[ArtifactRow]) -> dict[str, Value]:
    """Artifacts by the name of the output (or of the run's input), in the form of `Outputs.as_json()["artifacts"]`."""
    artifacts: dict[str, list[Value]] = {}
    for row in rows:
        artifacts.setdefault(row.output, []).append(row.artifact.as_json())
    return {**artifacts}


@dataclass(frozen=True, slots=True)
class RunArtifact:
    """A file or folder that a task made. digest: hash of its content; size: in bytes; both may be unknown ("" and 0).

    outside: "" for what kflite keeps, else how it is imported.
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
    def of(cls, artifact: Artifact, place: RunPaths) -> RunArtifact:
        """The artifact, found on this machine."""
        path = Path(artifact.custom_path) if artifact.custom_path else place.path(artifact.uri)
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
    def named(cls, artifacts: Mapping[str, Value], place: RunPaths) -> dict[str, RunArtifact | list[RunArtifact]]:
        """Artifacts as rows hold them, by name: the one where there is one, else the list."""
        out: dict[str, RunArtifact | list[RunArtifact]] = {}
        for name, many in artifacts.items():
            assert isinstance(many, list)
            several = [cls.of(Artifact.from_json(one), place) for one in many if isinstance(one, dict)]
            out[name] = several[0] if len(several) == 1 else several
        return out
