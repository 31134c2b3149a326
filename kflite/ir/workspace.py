"""Checks of the workspace, the folder that a run's tasks share: whoever needs it is in a pipeline that declares it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kflite.core.value import Value
from kflite.ir.document import Problems, Whole, tasks
from kflite.ir.names import below

_PLACEHOLDER = "{{$.workspace_path}}"
_REMEDY = "and the pipeline declares none: give it platforms.kubernetes.pipelineConfig.workspace, with a size"
_SOURCE_ARGS = ("--executor_input", "--executor-input")  # how a Python component is called: its command holds its source


def problems(whole: Whole, platforms: Mapping[str, Value]) -> Problems:
    """Every use of a workspace that is not there."""
    kubernetes: Any = platforms.get("kubernetes")
    config = kubernetes.get("pipelineConfig") if isinstance(kubernetes, dict) else None
    if isinstance(config, dict) and "workspace" in config:
        return
    for label, spec in whole.executors.items():
        path = below("deploymentSpec.executors", label)
        if isinstance(importer := spec.get("importer"), dict) and importer.get("downloadToWorkspace"):
            yield f"{path}.importer.downloadToWorkspace", f"it downloads to the workspace, {_REMEDY}"
        yield from _named(_words(spec), path)
    for path, body in whole.bodies:
        for name, task in tasks(body).items():
            where = f"{below(f'{path}.dag.tasks', name)}.inputs.parameters"
            yield from _named(task.get("inputs", {}).get("parameters", {}), where)


def _words(spec: Mapping[str, Value]) -> Value:
    """What of an executor may hold placeholders: all but the source in a Python component's command."""
    box = spec.get("container")
    if not isinstance(box, dict):
        return dict(spec)
    args = box.get("args")
    called = isinstance(args, list) and any(word in _SOURCE_ARGS for word in args)
    return {"container": {key: held for key, held in box.items() if key != "command" or not called}}


def _named(value: Value, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if _PLACEHOLDER in value:
            yield path, f"{_PLACEHOLDER} is the path of the workspace, {_REMEDY}"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _named(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _named(item, below(path, key))
