"""The importer: brings something that exists already into a pipeline, as an artifact."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kflite.dsl import trace
from kflite.dsl.channels import Channel
from kflite.dsl.component import Component
from kflite.dsl.interface import Input, Interface, Output
from kflite.dsl.placeholders import WORKSPACE_PATH_PLACEHOLDER
from kflite.dsl.settings import is_placeholder
from kflite.dsl.task import Argument, Task
from kflite.dsl.types import STRING, ArtifactType, Parameter, artifact_type, fits
from kflite.runtime.artifacts import Artifact


class Importer(Component):
    """A use of dsl.importer. metadata: constants, with placeholders of the importer's own inputs; to_workspace: it is copied."""

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
) -> Task:
    """A task whose output `artifact` lies at `artifact_uri`; nothing is read.

    reimport: make a new artifact even where this one is known. metadata: JSON, with channels of the pipeline as keys and
    values, also inside texts. download_to_workspace: copy it to the workspace, which the pipeline must have.
    """
    kind = artifact_type(artifact_class)
    if kind is None or kind.is_list:
        raise trace.refused(f"dsl.importer() takes an artifact class, not {artifact_class!r}")
    text = fits(artifact_uri.type, Parameter(STRING)) if isinstance(artifact_uri, Channel) else isinstance(artifact_uri, str)
    if not text:
        raise trace.refused(f"dsl.importer() takes a URI as text, not {artifact_uri!r}")
    found: dict[str, tuple[str, Channel]] = {}
    written = {_in_text(str(key), found): _own_inputs(value, found) for key, value in (metadata or {}).items()}
    inputs = {"uri": Input(Parameter(STRING))}
    inputs |= {name: Input(c.type or Parameter(STRING)) for name, c in found.values()}
    interface = Interface(inputs, {"artifact": Output(kind, "artifact")})
    constant = artifact_uri if isinstance(artifact_uri, str) and not is_placeholder(artifact_uri) else None
    arguments: dict[str, Argument] = {"uri": artifact_uri, **dict(found.values())}
    made = Importer(kind, interface, constant, written)
    made.reimport, made.to_workspace = reimport, download_to_workspace
    return Task(made, arguments)


def _own_inputs(value: object, found: dict[str, tuple[str, Channel]]) -> object:
    """The metadata with channels replaced by inputs of the importer: `metadata`, `metadata-2`..."""
    if isinstance(value, Channel):
        name = "metadata" if not found else f"metadata-{len(found) + 1}"
        name, _ = found.setdefault(value.key, (name, value))
        return f"{{{{$.inputs.parameters['{name}']}}}}"
    if isinstance(value, str):
        return _in_text(value, found)
    if isinstance(value, list | tuple):
        return [_own_inputs(item, found) for item in value]
    if isinstance(value, Mapping):
        return {_in_text(str(key), found): _own_inputs(item, found) for key, item in value.items()}
    return value


def _in_text(text: str, found: dict[str, tuple[str, Channel]]) -> str:
    """A text with the importer's own inputs in place of the channels that became part of it."""
    mentioned = trace.current("dsl.importer() is called").mentioned

    def own(match: re.Match[str]) -> str:
        return str(_own_inputs(mentioned[match[1]], found)) if match[1] in mentioned else match[0]

    return re.sub(r"\{\{\$\.inputs\.parameters\['([^']*)'\]\}\}", own, text)
