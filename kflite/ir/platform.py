"""Checks of the platform document: as strict as KFP's, and settings must belong to existing executors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from kflite.core.value import Value
from kflite.errors import InputError
from kflite.ir import inputs, kubernetes
from kflite.ir.document import DocumentView, Problems, Site, component_name, tasks
from kflite.ir.names import child_path, suggestion
from kflite.ir.quantity import memory
from kflite.ir.strict import described, format_problems
from kflite.ir.types import json_problem

Document: TypeAlias = Mapping[str, Any]

_OPTIONAL_SOURCE_KEYS = ("file", "revision", "packages", "index_urls", "trusted_hosts")
_PATH = "platforms.kubernetes"
_EXECUTORS = f"{_PATH}.deploymentSpec.executors"
_VOLUMES = ("secretAsVolume", "configMapAsVolume", "pvcMount", "genericEphemeralVolume", "emptyDirMounts")
_NAMES = {
    "secretAsEnv": ("secretName", "secretNameParameter"),
    "secretAsVolume": ("secretName", "secretNameParameter"),
    "configMapAsEnv": ("configMapName", "configMapNameParameter"),
    "configMapAsVolume": ("configMapName", "configMapNameParameter"),
    "imagePullSecret": ("secretName", "secretNameParameter"),
    "pvcMount": ("constant", "componentInputParameter", "taskOutputParameter", "pvcNameParameter"),
}
_NEEDED = {"secretAsEnv": ("secretKey", "envVar"), "configMapAsEnv": ("configMapKey", "envVar")}


def problems(view: DocumentView, platforms: Mapping[str, Value]) -> Problems:
    """All problems of the platform document. Unknown platforms only need to be JSON."""
    for name, value in platforms.items():
        path = child_path("platforms", name)
        if wrong := json_problem(value):
            yield path, wrong
        elif not isinstance(value, dict):
            yield path, f"it must be a mapping, and is {described(value)}"
        elif name == "kubernetes":
            yield from _kubernetes(view, value)
        elif name == "kflite":
            yield from _kflite(view, value)


def ignored(platforms: Mapping[str, Value]) -> Problems:
    """All (path, explanation) of settings without effect in a valid platform document."""
    platform: Any = platforms.get("kubernetes") or {}
    for key, value in (platform.get("pipelineConfig") or {}).items():
        if key.startswith("resourceTtl") and value:
            yield f"{_PATH}.pipelineConfig.{key}", "it is for KFP's cluster: kflite keeps a run until `kflite rm` removes it"
    for label, config in _executors(platform).items():
        yield from kubernetes.unknown(config, child_path(_EXECUTORS, label))


def _kubernetes(view: DocumentView, platform: Document) -> Problems:
    from kflite.ir.proto import SinglePlatformSpec

    mismatches = list(format_problems(dict(platform), SinglePlatformSpec.DESCRIPTOR, _PATH))
    yield from mismatches
    if mismatches:
        return
    yield from _pipeline_config(platform.get("pipelineConfig") or {}, f"{_PATH}.pipelineConfig")
    sites = _sites(view)
    for label, config in _executors(platform).items():
        path = child_path(_EXECUTORS, label)
        if label not in view.executors:
            yield path, f"deploymentSpec.executors has no {label!r}: {suggestion(label, view.executors)}"
        misfits = list(kubernetes.misfits(config, path))
        yield from misfits or _settings(sites.get(label, []), config, path)


def _kflite(view: DocumentView, platform: Document) -> Problems:
    """kflite's own settings: an executor's local source folder (`project`), and timeouts of nested pipelines."""
    base = "platforms.kflite.deploymentSpec.executors"
    executors, timeouts = _only(platform, "deploymentSpec", "executors"), _only(platform, "config", "timeouts")
    if not platform.keys() <= {"deploymentSpec", "config"} or executors is None or timeouts is None:
        known = "deploymentSpec.executors, config.timeouts or both"
        yield "platforms.kflite", f"it must hold {known}, and nothing else: compile the pipeline again"
        return
    yield from _timeouts(view, timeouts)
    for label, config in executors.items():
        path = child_path(base, label)
        if label not in view.executors:
            yield path, f"deploymentSpec.executors has no {label!r}: {suggestion(label, view.executors)}"
        if not isinstance(config, dict) or not _is_sources(config):
            more = ", ".join(_OPTIONAL_SOURCE_KEYS)
            remedy = "remove what this version does not know, or update kflite"
            yield path, f"it must hold a text 'project', and beside it at most {more}: {remedy}"


def _is_sources(config: Document) -> bool:
    """Whether these are the local sources of an image's code."""
    texts = [config.get(key, "") for key in ("file", "revision")]
    lists = [config.get(key, []) for key in ("packages", "index_urls", "trusted_hosts")]
    if not all(isinstance(many, list) for many in lists) or not config.keys() <= {"project", *_OPTIONAL_SOURCE_KEYS}:
        return False
    return all(isinstance(text, str) for text in (config.get("project"), *texts, *(one for many in lists for one in many)))


def _only(platform: Document, key: str, inner: str) -> Document | None:
    """The mapping at key.inner; {} without `key`; None if there is anything else."""
    outer = platform.get(key, {inner: {}})
    mapping: object = outer.get(inner) if isinstance(outer, dict) and set(outer) == {inner} else None
    return mapping if isinstance(mapping, dict) else None


def _timeouts(view: DocumentView, timeouts: Document) -> Problems:
    """Problems of the timeouts of nested pipelines, in seconds by component and task."""
    bodies = {"root": view.document.get("root", {}), **view.components}
    for name, limits in timeouts.items():
        path = child_path("platforms.kflite.config.timeouts", name)
        if name not in bodies:
            yield path, f"there is no component {name!r}: {suggestion(name, bodies)}"
        elif not isinstance(limits, dict):
            yield path, f"it must be a mapping of tasks to seconds, and is {described(limits)}"
        else:
            for task, limit in limits.items():
                if wrong := _timeout(view, tasks(bodies[name]), task, limit):
                    yield child_path(path, task), wrong


def _timeout(view: DocumentView, siblings: Mapping[str, Document], task: str, limit: Value) -> str:
    """The problem of a nested pipeline's timeout; "" if it is valid. siblings: the tasks of its DAG."""
    if task not in siblings:
        return f"there is no task {task!r}: {suggestion(task, siblings)}"
    if "dag" not in view.components.get(component_name(siblings[task]), {}):
        return f"{task!r} runs code itself: its limit is activeDeadlineSeconds of its executor in platforms.kubernetes"
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not limit > 0:
        return f"it must be seconds, more than 0, and is {described(limit)}"
    return ""


def _executors(platform: Document) -> Document:
    deployment: Document = platform.get("deploymentSpec") or {}
    return deployment.get("executors") or {}


def _pipeline_config(config: Document, path: str) -> Problems:
    for key, value in config.items():
        if isinstance(value, int) and value < 0:
            yield child_path(path, key), f"{value} is negative: give seconds, or 0 for no limit"
    workspace = config.get("workspace")
    if workspace is not None:
        yield from _quantity(workspace.get("size", ""), f"{path}.workspace.size")


def _quantity(text: str, path: str) -> Problems:
    try:
        memory(text)
    except InputError as error:
        yield path, str(error)
    else:
        if not text:
            yield path, "it has no size: give one, such as '10Gi'"


def _settings(sites: list[Site], config: Document, path: str) -> Problems:
    if int(float(config.get("activeDeadlineSeconds", 0))) < 0:
        yield f"{path}.activeDeadlineSeconds", "it is negative: give seconds, or leave it out"
    for key, entries in config.items():
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            yield from _entry(key, entry, f"{path}.{key}[{index}]")
    for where, source in kubernetes.sources(dict(config), path):
        for site in sites:
            spec = None if where.endswith("Json") else {"parameterType": "STRING"}
            yield from inputs.source(site, spec, source, where)


def _entry(key: str, entry: Document, path: str) -> Problems:
    if (names := _NAMES.get(key)) and not any(entry.get(name) for name in names):
        yield path, f"it has no name: give it as {names[-1]!r}"
    if key in _VOLUMES and not str(entry.get("mountPath", "")).startswith(("/", "{{$")):
        yield (
            f"{path}.mountPath",
            f"{described(entry.get('mountPath', ''))} is no absolute path in the container: give one, as '/data'",
        )
    for index, pair in enumerate(entry.get("keyToEnv", ()) if key in _NEEDED else ()):
        for need in _NEEDED[key]:
            if not pair.get(need):
                yield f"{path}.keyToEnv[{index}]", f"it has no {need}: give one"


def _sites(view: DocumentView) -> Mapping[str, list[Site]]:
    """The tasks of each executor."""
    by_executor: dict[str, list[Site]] = {}
    for path, body in view.bodies:
        for name, spec in tasks(body).items():
            label = view.components.get(component_name(spec), {}).get("executorLabel", "")
            by_executor.setdefault(label, []).append(Site(view, body, spec, child_path(f"{path}.dag.tasks", name)))
    return by_executor
