"""Writing pipelines: the two-document YAML and the Kubernetes manifests that KFP reads."""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml

from kflite.core.value import Value
from kflite.ir.pipeline import Pipeline

_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
# Text that some YAML reader takes for a number, a date, true, false or null: other readers know other rules than PyYAML.
_MISTAKEN = re.compile(
    r"[-+.]?[0-9][0-9_.:eExXoOa-fA-F+TZ-]*|[-+]?\.(inf|nan)|~|(true|false|null|yes|no|on|off|y|n)", re.IGNORECASE
)
_API = "pipelines.kubeflow.org/v2beta1"


def dumps_yaml(pipeline: Pipeline) -> str:
    """The pipeline as KFP's compiler lays it out: the pipeline, then, where there is one, its platform document."""
    name = " ".join(pipeline.name.split())
    return f"# PIPELINE DEFINITION\n# Name: {name}\n{dumps(pipeline.documents)}"


def manifest(pipeline: Pipeline, version: str = "", namespace: str = "") -> str:
    """The pipeline as manifests of kinds Pipeline and PipelineVersion, for KFP's Kubernetes-native mode.

    version: the PipelineVersion's name; the pipeline's own where none is given.
    """
    return dumps(manifests(pipeline, version, namespace))


def manifests(pipeline: Pipeline, version: str = "", namespace: str = "") -> list[dict[str, Value]]:
    """The documents of `manifest`."""
    spec: dict[str, Value] = {"pipelineName": pipeline.name, "pipelineSpec": pipeline.documents[0]}
    shown = pipeline.spec.pipeline_info
    head: dict[str, Value] = {"displayName": shown.display_name or pipeline.name}
    spec |= head
    if shown.description:
        head["description"] = spec["description"] = shown.description
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
    """Never writes aliases, which some readers refuse, and quotes whatever some reader may take for no text."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, _style(text))


def _style(text: str) -> str | None:
    if "\n" in text:
        return "|" if _reads_well(text) else '"'
    return "'" if _MISTAKEN.fullmatch(text) else None


def _reads_well(text: str) -> bool:
    """Whether a text is one of lines, such as source code, that a literal block holds without loss."""
    return text[0] not in " \n" and text.isascii() and "\t" not in text and " \n" not in text


_Dumper.add_representer(str, _text)


def dumps(documents: Sequence[dict[str, Value]]) -> str:
    """Documents in YAML, which no reader mistakes."""
    text: str = yaml.dump_all(documents, Dumper=_Dumper, sort_keys=True, allow_unicode=True, default_flow_style=False)
    return text
