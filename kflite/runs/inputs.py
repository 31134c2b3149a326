"""Input artifacts of a run: paths, URIs, and artifacts of earlier runs, all checked before anything starts."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from kflite.core.value import Artifact, Value
from kflite.errors import InputError, KfliteError, NotFound
from kflite.ir import Pipeline
from kflite.ir.document import Document, declared
from kflite.runs.artifact import RunArtifact
from kflite.runtime.artifacts import Artifact as Described
from kflite.runtime.typed import as_json
from kflite.store.base import ArtifactRow

_ANY = "system.Artifact"
_RUN = "run:"

ArtifactInput: TypeAlias = "str | os.PathLike[str] | RunArtifact | ArtifactRow | Artifact | Described"
RunInput: TypeAlias = "Value | ArtifactInput | Sequence[ArtifactInput]"
"""What a run may be given by name: a parameter's value; or an artifact's path, URI, id or object, or a list of them."""
Find: TypeAlias = "Callable[[str], ArtifactRow]"
"""Gives the artifact of an id, RUN/TASK/OUTPUT. Raises NotFound."""


class RunInputs:
    """The inputs of a run. parameters: all but artifacts; problems: (artifact, what is wrong with it)."""

    def __init__(self, pipeline: Pipeline, parameters: Mapping[str, RunInput], find: Find, root: str) -> None:
        self.artifacts: dict[str, tuple[Artifact, ...]] = {}
        self.problems: list[tuple[str, str]] = []
        self._find, self._root = find, root
        known = declared(pipeline.documents[0].get("root", {}), "input", "artifacts")  # type: ignore[arg-type]
        self.parameters = {name: as_json(value) for name, value in parameters.items() if name not in known}
        for name, value in parameters.items():
            if name in known and value is not None:
                several = isinstance(value, Sequence) and not isinstance(value, str)
                self._take(name, known[name], value if several else [value])  # type: ignore[arg-type, list-item]

    @property
    def all(self) -> dict[str, Value]:
        """Parameters, and artifacts as lists of JSON objects."""
        return {**self.parameters, **{name: [a.as_json() for a in group] for name, group in self.artifacts.items()}}

    def _take(self, name: str, spec: Document, values: Sequence[ArtifactInput]) -> None:
        kind = spec.get("artifactType", {})
        wanted = Artifact(name, "", kind.get("schemaTitle") or _ANY, kind.get("schemaVersion", "0.0.1"))
        taken = []
        for value in values:
            try:
                taken.append(self._fitting(self._artifact(value, wanted), wanted))
            except (KfliteError, OSError) as error:
                self.problems.append((f"artifact {name}", str(error)))
                taken.append(replace(wanted, uri="?"))
        self.artifacts[name] = tuple(taken)

    def _artifact(self, value: ArtifactInput, wanted: Artifact) -> Artifact:
        if isinstance(value, str):
            return self._named(value, wanted)
        if isinstance(value, os.PathLike):
            return _outside(replace(wanted, uri=os.fspath(value)))
        if isinstance(value, ArtifactRow):
            return self._earlier(value.artifact)
        if isinstance(value, Artifact):
            return self._earlier(value)
        if isinstance(value, RunArtifact):
            return self._earlier(value.as_artifact())
        if isinstance(value, Described):
            return _outside(replace(wanted, uri=value.uri, type=value.schema_title, metadata=value.metadata))
        raise InputError(f"a {type(value).__name__} is no artifact: give a path, a URI, or what a run of kflite made")

    def _named(self, text: str, wanted: Artifact) -> Artifact:
        if "://" in text:
            return _outside(replace(wanted, uri=text))
        if not text.startswith(_RUN) and os.path.lexists(text):
            return _outside(replace(wanted, uri=text))
        id = text.removeprefix(_RUN)
        if id == text and "/" not in text.strip("/"):
            raise NotFound(f"nothing is at {Path(text).absolute()}")
        try:
            return self._earlier(self._find(id).artifact)
        except NotFound as error:
            raise error if id != text else NotFound(f"nothing is at {Path(text).absolute()}, and {error}") from None

    def _earlier(self, artifact: Artifact) -> Artifact:
        """What a run of kflite made or was given, found again."""
        from kflite.store.blobs.artifacts import intact

        if artifact.outside:
            return _outside(artifact)
        if not intact(artifact, self._root):
            raise NotFound(f"what was at {artifact.uri} is gone, or no longer what it was")
        return artifact

    def _fitting(self, artifact: Artifact, wanted: Artifact) -> Artifact:
        if artifact.type != wanted.type and _ANY not in (artifact.type, wanted.type):
            raise InputError(f"the pipeline takes a {wanted.type} here, and {artifact.uri} is a {artifact.type}")
        return replace(artifact, name=wanted.name)


def _outside(artifact: Artifact) -> Artifact:
    """An external artifact at its own place. Raises KfliteError and OSError if it cannot be read."""
    from kflite.store.blobs.artifacts import content
    from kflite.store.blobs.remote import is_remote

    uri = artifact.uri
    if not is_remote(uri):
        uri = os.path.abspath(uri.removeprefix("file://"))
        if not artifact.uri or not os.path.exists(uri):
            raise NotFound(f"nothing is at {uri}")
    digest, size = content(uri)
    return replace(artifact, uri=uri, digest=digest, size=size, outside="any")
