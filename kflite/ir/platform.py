"""Checks of the platform document: read as strictly as KFP reads it, and its settings belong to executors that there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from kflite.core.value import Value
from kflite.errors import InputError
from kflite.ir import inputs, kubernetes
from kflite.ir.document import Problems, Site, Whole, referred, tasks
from kflite.ir.names import below, near
from kflite.ir.quantity import memory
from kflite.ir.strict import departures, shown
from kflite.ir.types import unfit

Document: TypeAlias = Mapping[str, Any]

_MORE_OF_SOURCES = ("file", "revision", "packages", "index_urls", "trusted_hosts")
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


def problems(whole: Whole, platforms: Mapping[str, Value]) -> Problems:
    """Everything that is wrong with the platform document. Platforms that kflite does not know need only be JSON."""
    for name, value in platforms.items():
        path = below("platforms", name)
        if wrong := unfit(value):
            yield path, wrong
        elif not isinstance(value, dict):
            yield path, f"it must be a mapping, and is {shown(value)}"
        elif name == "kubernetes":
            yield from _kubernetes(whole, value)
        elif name == "kflite":
            yield from _kflite(whole, value)


def unheeded(platforms: Mapping[str, Value]) -> Problems:
    """All (path, what is to be said) of settings that have no effect, in a sound platform document."""
    platform: Any = platforms.get("kubernetes") or {}
    for key, held in (platform.get("pipelineConfig") or {}).items():
        if key.startswith("resourceTtl") and held:
            yield f"{_PATH}.pipelineConfig.{key}", "it is for KFP's cluster: kflite keeps a run until `kflite rm` removes it"
    for label, config in _executors(platform).items():
        yield from kubernetes.unknown(config, below(_EXECUTORS, label))


def _kubernetes(whole: Whole, platform: Document) -> Problems:
    from kflite.ir.proto import SinglePlatformSpec

    odd = list(departures(dict(platform), SinglePlatformSpec.DESCRIPTOR, _PATH))
    yield from odd
    if odd:
        return
    yield from _pipeline_config(platform.get("pipelineConfig") or {}, f"{_PATH}.pipelineConfig")
    sites = _sites(whole)
    for label, config in _executors(platform).items():
        path = below(_EXECUTORS, label)
        if label not in whole.executors:
            yield path, f"deploymentSpec.executors has no {label!r}: {near(label, whole.executors)}"
        misfits = list(kubernetes.misfits(config, path))
        yield from misfits or _settings(sites.get(label, []), config, path)


def _kflite(whole: Whole, platform: Document) -> Problems:
    """What only kflite has: an executor's `project`, the folder with code that its image has too; how long pipelines may take."""
    base = "platforms.kflite.deploymentSpec.executors"
    executors, timeouts = _only(platform, "deploymentSpec", "executors"), _only(platform, "config", "timeouts")
    if not platform.keys() <= {"deploymentSpec", "config"} or executors is None or timeouts is None:
        known = "deploymentSpec.executors, config.timeouts or both"
        yield "platforms.kflite", f"it must hold {known}, and nothing else: compile the pipeline again"
        return
    yield from _timeouts(whole, timeouts)
    for label, config in executors.items():
        path = below(base, label)
        if label not in whole.executors:
            yield path, f"deploymentSpec.executors has no {label!r}: {near(label, whole.executors)}"
        if not isinstance(config, dict) or not _is_sources(config):
            more = ", ".join(_MORE_OF_SOURCES)
            remedy = "remove what this version does not know, or update kflite"
            yield path, f"it must hold a text 'project', and beside it at most {more}: {remedy}"


def _is_sources(config: Document) -> bool:
    """Whether it tells where code lies that an image has too."""
    texts = [config.get(key, "") for key in ("file", "revision")]
    lists = [config.get(key, []) for key in ("packages", "index_urls", "trusted_hosts")]
    if not all(isinstance(many, list) for many in lists) or not config.keys() <= {"project", *_MORE_OF_SOURCES}:
        return False
    return all(isinstance(text, str) for text in (config.get("project"), *texts, *(one for many in lists for one in many)))


def _only(platform: Document, key: str, inner: str) -> Document | None:
    """The mapping at key.inner, {} where there is no key; None where something else is there, or beside it."""
    held = platform.get(key, {inner: {}})
    found: object = held.get(inner) if isinstance(held, dict) and set(held) == {inner} else None
    return found if isinstance(found, dict) else None


def _timeouts(whole: Whole, timeouts: Document) -> Problems:
    """Seconds that pipelines inside others may take, by the component in which one is a task, and by the task."""
    bodies = {"root": whole.document.get("root", {}), **whole.components}
    for name, limits in timeouts.items():
        path = below("platforms.kflite.config.timeouts", name)
        if name not in bodies:
            yield path, f"there is no component {name!r}: {near(name, bodies)}"
        elif not isinstance(limits, dict):
            yield path, f"it must be a mapping of tasks to seconds, and is {shown(limits)}"
        else:
            for task, limit in limits.items():
                if wrong := _timeout(whole, tasks(bodies[name]), task, limit):
                    yield below(path, task), wrong


def _timeout(whole: Whole, beside: Mapping[str, Document], task: str, limit: Value) -> str:
    """What is wrong with a pipeline's limit, "" when nothing is. beside: the tasks of its DAG."""
    if task not in beside:
        return f"there is no task {task!r}: {near(task, beside)}"
    if "dag" not in whole.components.get(referred(beside[task]), {}):
        return f"{task!r} runs code itself: its limit is activeDeadlineSeconds of its executor in platforms.kubernetes"
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not limit > 0:
        return f"it must be seconds, more than 0, and is {shown(limit)}"
    return ""


def _executors(platform: Document) -> Document:
    deployment: Document = platform.get("deploymentSpec") or {}
    return deployment.get("executors") or {}


def _pipeline_config(config: Document, path: str) -> Problems:
    for key, held in config.items():
        if isinstance(held, int) and held < 0:
            yield below(path, key), f"{held} is negative: give seconds, or 0 for no limit"
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
            f"{shown(entry.get('mountPath', ''))} is no absolute path in the container: give one, as '/data'",
        )
    for index, pair in enumerate(entry.get("keyToEnv", ()) if key in _NEEDED else ()):
        for need in _NEEDED[key]:
            if not pair.get(need):
                yield f"{path}.keyToEnv[{index}]", f"it has no {need}: give one"


def _sites(whole: Whole) -> Mapping[str, list[Site]]:
    """By executor: the tasks, where they stand, that it runs for."""
    found: dict[str, list[Site]] = {}
    for path, body in whole.bodies:
        for name, spec in tasks(body).items():
            label = whole.components.get(referred(spec), {}).get("executorLabel", "")
            found.setdefault(label, []).append(Site(whole, body, spec, below(f"{path}.dag.tasks", name)))
    return found
