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
    found: dict[str, list[Value]] = {}
    for row in rows:
        found.setdefault(row.output, []).append(row.artifact.as_json())
    return {**found}


@dataclass(frozen=True, slots=True)
class Made:
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
    def of(cls, artifact: Artifact, place: RunPaths) -> Made:
        """The artifact, found on this machine."""
        path = Path(artifact.custom_path) if artifact.custom_path else place.path(artifact.uri)
        told = (artifact.type, artifact.metadata, artifact.digest, artifact.size, artifact.outside)
        return cls(artifact.name, artifact.uri, path, *told)

    @classmethod
    def named(cls, artifacts: Mapping[str, Value], place: RunPaths) -> dict[str, Made | list[Made]]:
        """Artifacts as rows hold them, by name: the one where there is one, else the list."""
        out: dict[str, Made | list[Made]] = {}
        for name, many in artifacts.items():
            assert isinstance(many, list)
            made = [cls.of(Artifact.from_json(one), place) for one in many if isinstance(one, dict)]
            out[name] = made[0] if len(made) == 1 else made
        return out
