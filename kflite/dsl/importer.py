"""The importer: brings something that exists already into a pipeline, as an artifact."""

from __future__ import annotations

from collections.abc import Mapping

from kflite.artifacts import Artifact
from kflite.dsl import trace
from kflite.dsl.channels import Channel
from kflite.dsl.component import Component
from kflite.dsl.interface import Input, Interface, Output
from kflite.dsl.task import Argument, Task
from kflite.dsl.types import STRING, ArtifactType, Parameter, artifact_type, fits


class Importer(Component):
    """A use of dsl.importer. metadata: constants, with placeholders of the importer's own inputs."""

    has_container = False

    def __init__(
        self, kind: ArtifactType, interface: Interface, uri: str | None, reimport: bool, metadata: Mapping[str, object]
    ) -> None:
        super().__init__("importer", interface, trace.caller())
        self.kind, self.uri, self.reimport, self.metadata = kind, uri, reimport, metadata


def importer(
    artifact_uri: str | Channel,
    artifact_class: type[Artifact],
    reimport: bool = False,
    metadata: Mapping[str, object] | None = None,
) -> Task:
    """A task whose output `artifact` lies at `artifact_uri`; nothing is read.

    reimport: make a new artifact even where this one is known. metadata: JSON, with inputs and outputs of the pipeline as values.
    """
    kind = artifact_type(artifact_class)
    if kind is None or kind.is_list:
        raise trace.refused(f"dsl.importer() takes an artifact class, not {artifact_class!r}")
    text = fits(artifact_uri.type, Parameter(STRING)) if isinstance(artifact_uri, Channel) else isinstance(artifact_uri, str)
    if not text:
        raise trace.refused(f"dsl.importer() takes a URI as text, not {artifact_uri!r}")
    found: dict[int, tuple[str, Argument]] = {}
    written = {str(key): _own_inputs(value, found) for key, value in (metadata or {}).items()}
    inputs = {"uri": Input(Parameter(STRING))}
    inputs |= {name: Input(getattr(c, "type", None) or Parameter(STRING)) for name, c in found.values()}
    interface = Interface(inputs, {"artifact": Output(kind, "artifact")})
    constant = artifact_uri if isinstance(artifact_uri, str) else None
    arguments: dict[str, Argument] = {"uri": artifact_uri, **dict(found.values())}
    return Task(Importer(kind, interface, constant, reimport, written), arguments)


def _own_inputs(value: object, found: dict[int, tuple[str, Argument]]) -> object:
    """The metadata with channels replaced by inputs of the importer: `metadata`, `metadata-2`..."""
    if isinstance(value, Channel):
        name = "metadata" if not found else f"metadata-{len(found) + 1}"
        name, _ = found.setdefault(id(value), (name, value))
        return f"{{{{$.inputs.parameters['{name}']}}}}"
    if isinstance(value, list | tuple):
        return [_own_inputs(item, found) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _own_inputs(item, found) for key, item in value.items()}
    return value
