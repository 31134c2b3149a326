"""Checks that a pipeline declares the workspace, the folder that a run's tasks share, if a task uses it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kflite.core.value import Value
from kflite.ir.document import DocumentView, Problems, holds_source, tasks
from kflite.ir.names import child_path

_PLACEHOLDER = "{{$.workspace_path}}"
_REMEDY = "and the pipeline declares none: give it platforms.kubernetes.pipelineConfig.workspace, with a size"


def problems(view: DocumentView, platforms: Mapping[str, Value]) -> Problems:
    """All uses of a workspace that is not declared."""
    kubernetes: Any = platforms.get("kubernetes")
    config = kubernetes.get("pipelineConfig") if isinstance(kubernetes, dict) else None
    if isinstance(config, dict) and "workspace" in config:
        return
    for label, spec in view.executors.items():
        path = child_path("deploymentSpec.executors", label)
        if isinstance(importer := spec.get("importer"), dict) and importer.get("downloadToWorkspace"):
            yield f"{path}.importer.downloadToWorkspace", f"it downloads to the workspace, {_REMEDY}"
        yield from _placeholder_uses(_placeholder_fields(spec), path)
    for path, body in view.bodies:
        for name, task in tasks(body).items():
            where = f"{child_path(f'{path}.dag.tasks', name)}.inputs.parameters"
            yield from _placeholder_uses(task.get("inputs", {}).get("parameters", {}), where)


def _placeholder_fields(spec: Mapping[str, Value]) -> Value:
    """The fields of an executor that may contain placeholders: all but the source code of a Python component."""
    container = spec.get("container")
    if not isinstance(container, dict):
        return dict(spec)
    return {"container": {key: value for key, value in container.items() if key != "command" or not holds_source(container)}}


def _placeholder_uses(value: Value, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if _PLACEHOLDER in value:
            yield path, f"{_PLACEHOLDER} is the path of the workspace, {_REMEDY}"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _placeholder_uses(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _placeholder_uses(item, child_path(path, key))
