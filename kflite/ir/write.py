"""Writes pipelines as YAML documents and as Kubernetes manifests for KFP."""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml

from kflite.core.value import Value
from kflite.ir.pipeline import Pipeline

_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
# Text that some YAML parser, if not PyYAML, reads as a number, a date, true, false or null.
_MISTAKEN = re.compile(
    r"[-+.]?[0-9][0-9_.:eExXoOa-fA-F+TZ-]*|[-+]?\.(inf|nan)|~|(true|false|null|yes|no|on|off|y|n)", re.IGNORECASE
)
_API = "pipelines.kubeflow.org/v2beta1"


def dumps_yaml(pipeline: Pipeline) -> str:
    """The pipeline in the layout of KFP's compiler: the pipeline, then its platform document, if there is one."""
    name = " ".join(pipeline.name.split())
    return f"# PIPELINE DEFINITION\n# Name: {name}\n{dumps(pipeline.documents)}"


def manifest(pipeline: Pipeline, version: str = "", namespace: str = "") -> str:
    """The pipeline as manifests of kinds Pipeline and PipelineVersion, for KFP's Kubernetes-native mode.

    version: the PipelineVersion's name; "" for the pipeline's name.
    """
    return dumps(manifests(pipeline, version, namespace))


def manifests(pipeline: Pipeline, version: str = "", namespace: str = "") -> list[dict[str, Value]]:
    """The documents of `manifest`."""
    spec: dict[str, Value] = {"pipelineName": pipeline.name, "pipelineSpec": pipeline.documents[0]}
    info = pipeline.spec.pipeline_info
    head: dict[str, Value] = {"displayName": info.display_name or pipeline.name}
    spec |= head
    if info.description:
        head["description"] = spec["description"] = info.description
    if pipeline.platforms:
        spec["platformSpec"] = pipeline.documents[1]
    return [
        _object("Pipeline", pipeline.name, namespace, head),
        _object("PipelineVersion", version or pipeline.name, namespace, spec),
    ]


def _object(kind: str, name: str, namespace: str, spec: dict[str, Value]) -> dict[str, Value]:
    metadata: dict[str, Value] = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": _API, "kind": kind, "metadata": metadata, "spec": spec}


class _Dumper(_DUMPER):  # type: ignore[misc, valid-type]
    """Writes no aliases, which some parsers refuse, and quotes text that some parser would not read as text."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, _style(text))


def _style(text: str) -> str | None:
    if "\n" in text:
        return "|" if _reads_well(text) else '"'
    return "'" if _MISTAKEN.fullmatch(text) else None


def _reads_well(text: str) -> bool:
    """Whether a literal block preserves a multi-line text, such as source code."""
    return text[0] not in " \n" and text.isascii() and "\t" not in text and " \n" not in text


_Dumper.add_representer(str, _text)


def dumps(documents: Sequence[dict[str, Value]]) -> str:
    """Documents as YAML that all parsers read alike."""
    text: str = yaml.dump_all(documents, Dumper=_Dumper, sort_keys=True, allow_unicode=True, default_flow_style=False)
    return text
