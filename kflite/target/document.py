"""Targets that are documents: pipelines in any form, and Kubeflow's other kinds by their name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kflite.errors import InputError
from kflite.ir.read import MANIFESTS, documents, pipeline
from kflite.target.target import Target
from kflite.value import Value

OTHER_KINDS = ("Experiment", "TrainJob", "PyTorchJob", "TFJob", "MPIJob", "XGBoostJob", "PaddleJob", "JAXJob", "Notebook")


def of_bytes(data: bytes, source: str) -> Target:
    """The target in a document or archive. Raises InvalidPipeline, InputError."""
    return of_documents(documents(data, source), source)


def of_documents(found: Sequence[Mapping[str, Value]], source: str) -> Target:
    """The target that parsed documents are. Raises InvalidPipeline, InputError."""
    for document in found:
        kind = str(document.get("kind") or "")
        if "apiVersion" in document and kind not in MANIFESTS:
            return _other(kind, document, source)
    read = pipeline(found, source)
    return Target("pipeline", read.name, read, None, source)


def _other(kind: str, document: Mapping[str, Value], source: str) -> Target:
    if kind not in OTHER_KINDS:
        raise InputError(f"{source}: kind {kind!r} is nothing that kflite knows; it runs pipelines")
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return Target(kind, str(name or kind.lower()), None, document, source)
