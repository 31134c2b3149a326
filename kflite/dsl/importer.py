"""The importer: adds an existing file to a pipeline as an artifact."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kflite.dsl import trace
from kflite.dsl.channels import Channel
from kflite.dsl.component import Component
from kflite.dsl.interface import Input, Interface, Output
from kflite.dsl.placeholders import WORKSPACE_PATH_PLACEHOLDER
from kflite.dsl.settings import is_placeholder
from kflite.dsl.task import Argument, PipelineTask
from kflite.dsl.types import STRING, ArtifactType, Parameter, artifact_type, fits
from kflite.runtime.artifacts import Artifact


class Importer(Component):
    """A use of dsl.importer. metadata: constants with placeholders of the importer's inputs; to_workspace: copy the file."""

    has_container = False

    def __init__(self, kind: ArtifactType, interface: Interface, uri: str | None, metadata: Mapping[str, object]) -> None:
        super().__init__("importer", interface, trace.caller())
        self.kind, self.uri, self.metadata = kind, uri, metadata
        self.reimport = self.to_workspace = False

    @property
    def words(self) -> list[str]:
        return [WORKSPACE_PATH_PLACEHOLDER] if self.to_workspace else []


def importer(
    artifact_uri: str | Channel,
    artifact_class: type[Artifact],
    reimport: bool = False,
    metadata: Mapping[str, object] | None = None,
    download_to_workspace: bool = False,
) -> PipelineTask:
    """A task with the output `artifact` at `artifact_uri`; nothing is read.

    reimport: create a new artifact even if this one is known. metadata: JSON, with channels of the pipeline as keys and
    values, also in texts. download_to_workspace: copy it to the workspace, which the pipeline must have.
    """
    kind = artifact_type(artifact_class)
    if kind is None or kind.is_list:
        raise trace.refused(f"dsl.importer() takes an artifact class, not {artifact_class!r}")
    is_text = fits(artifact_uri.type, Parameter(STRING)) if isinstance(artifact_uri, Channel) else isinstance(artifact_uri, str)
    if not is_text:
        raise trace.refused(f"dsl.importer() takes a URI as text, not {artifact_uri!r}")
    channels: dict[str, tuple[str, Channel]] = {}
    metadata_with_inputs = {
        _text_with_inputs(str(key), channels): _with_inputs(value, channels) for key, value in (metadata or {}).items()
    }
    inputs = {"uri": Input(Parameter(STRING))}
    inputs |= {name: Input(c.type or Parameter(STRING)) for name, c in channels.values()}
    interface = Interface(inputs, {"artifact": Output(kind, "artifact")})
    constant = artifact_uri if isinstance(artifact_uri, str) and not is_placeholder(artifact_uri) else None
    arguments: dict[str, Argument] = {"uri": artifact_uri, **dict(channels.values())}
    component = Importer(kind, interface, constant, metadata_with_inputs)
    component.reimport, component.to_workspace = reimport, download_to_workspace
    return PipelineTask(component, arguments)


def _with_inputs(value: object, channels: dict[str, tuple[str, Channel]]) -> object:
    """The metadata, with channels replaced by inputs of the importer: `metadata`, `metadata-2`..."""
    if isinstance(value, Channel):
        name = "metadata" if not channels else f"metadata-{len(channels) + 1}"
        name, _ = channels.setdefault(value.key, (name, value))
        return f"{{{{$.inputs.parameters['{name}']}}}}"
    if isinstance(value, str):
        return _text_with_inputs(value, channels)
    if isinstance(value, list | tuple):
        return [_with_inputs(item, channels) for item in value]
    if isinstance(value, Mapping):
        return {_text_with_inputs(str(key), channels): _with_inputs(item, channels) for key, item in value.items()}
    return value


def _text_with_inputs(text: str, channels: dict[str, tuple[str, Channel]]) -> str:
    """A text, with the channels in it replaced by inputs of the importer."""
    mentioned = trace.current("dsl.importer() is called").mentioned

    def with_input(match: re.Match[str]) -> str:
        return str(_with_inputs(mentioned[match[1]], channels)) if match[1] in mentioned else match[0]

    return re.sub(r"\{\{\$\.inputs\.parameters\['([^']*)'\]\}\}", with_input, text)
