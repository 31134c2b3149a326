"""Targets that are Python objects: pipelines and components of kflite, and of kfp, which is not imported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from kflite.errors import InputError
from kflite.target.target import Target

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from kflite.ir import Pipeline


class _OfKfp(Protocol):
    """The common attributes of kfp's pipelines and components."""

    pipeline_spec: Message
    platform_spec: Message


def role(value: object) -> str:
    """ "pipeline", "component", or "" for anything else."""
    for kind in type(value).__mro__:
        if kind.__module__.split(".")[0] in ("kflite", "kfp") and kind.__name__ in _ROLES:
            return _ROLES[kind.__name__]
    return ""


_ROLES = {"GraphComponent": "pipeline", "PipelineComponent": "pipeline", "BaseComponent": "component", "Component": "component"}


def of_object(value: object, source: str) -> Target:
    """The target of an object. Raises CompileError, InvalidPipeline, InputError."""
    if not role(value):
        name = getattr(value, "__name__", "")
        what = f"{type(value).__name__} {name}".strip()
        raise InputError(
            f"{source or 'the target'}: a {what} cannot be run: give a function under @dsl.pipeline or @dsl.component"
        )
    pipeline = _compiled(value, source)
    return Target("pipeline", pipeline.name, pipeline, None, source or pipeline.name)


def _compiled(value: object, source: str) -> Pipeline:
    if hasattr(value, "pipeline_spec"):
        return _of_kfp(cast("_OfKfp", value), source)
    from kflite import dsl

    return dsl.compile(cast("dsl.Component", value))


def _of_kfp(value: _OfKfp, source: str) -> Pipeline:
    from google.protobuf.json_format import MessageToDict

    from kflite.ir.read import pipeline
    from kflite.target.sources import with_local_sources

    documents = [MessageToDict(value.pipeline_spec)]
    if platforms := MessageToDict(value.platform_spec).get("platforms"):
        documents.append({"platforms": platforms})
    return with_local_sources(pipeline(documents, source or "the kfp pipeline"), Path.cwd())
