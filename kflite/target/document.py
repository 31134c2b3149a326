"""Targets in documents: pipelines in any form, and other kinds of Kubeflow by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kflite.core.value import Value
from kflite.errors import InputError
from kflite.ir.read import MANIFESTS, documents, pipeline
from kflite.target.target import Target

OTHER_KINDS = ("Experiment", "TrainJob", "PyTorchJob", "TFJob", "MPIJob", "XGBoostJob", "PaddleJob", "JAXJob", "Notebook")

_REMEDY = "no pipeline can be read back from it; compile the pipeline's Python code with kfp 2, or with kflite compile"
_COMPILED_BY_KFP_1 = {
    "Workflow": f"this is a workflow of Argo, which kfp 1 made of a pipeline: {_REMEDY}",
    "PipelineRun": f"this is a run of Tekton, which kfp-tekton made of a pipeline: {_REMEDY}",
}


def of_bytes(data: bytes, source: str) -> Target:
    """The target in a document or archive. Raises InvalidPipeline, InputError."""
    return of_documents(documents(data, source), source)


def of_documents(parsed: Sequence[Mapping[str, Value]], source: str) -> Target:
    """The target in parsed documents. Raises InvalidPipeline, InputError."""
    for document in parsed:
        kind = str(document.get("kind") or "")
        if "apiVersion" in document and kind not in MANIFESTS:
            return _other(kind, document, source)
    if len(parsed) == 1 and "implementation" in parsed[0]:
        return _component(parsed[0], source)
    loaded = pipeline(parsed, source)
    return Target("pipeline", loaded.name, loaded, None, source)


def _component(document: Mapping[str, Value], source: str) -> Target:
    """A component file of KFP's version 1 as a pipeline of one task. Raises CompileError."""
    from kflite import dsl
    from kflite.dsl.version1 import Version1Component

    pipeline = dsl.compile(Version1Component(document, source))
    return Target("pipeline", pipeline.name, pipeline, None, source)


def _other(kind: str, document: Mapping[str, Value], source: str) -> Target:
    if kind in _COMPILED_BY_KFP_1:
        raise InputError(f"{source}: {_COMPILED_BY_KFP_1[kind]}")
    if kind not in OTHER_KINDS:
        raise InputError(f"{source}: kind {kind!r} is nothing that kflite knows; it runs pipelines")
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return Target(kind, str(name or kind.lower()), None, document, source)
