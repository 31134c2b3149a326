"""Reads documents into the shape of a pipeline: each component once, however many iterations use it.

Documents were checked before (kflite.ir.check), so nothing is validated here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from kflite.core.plan import RetryPolicy
from kflite.core.value import Value, with_integers
from kflite.ir.quantity import seconds
from kflite.plans.dag.shape import (
    ArtifactKind,
    Binding,
    ComponentSpec,
    Constant,
    Container,
    Dag,
    FinalStatus,
    FromInput,
    FromTask,
    ImporterSpec,
    LoopSpec,
    ParameterSpec,
    Sources,
    TaskSpec,
)

Document: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Shape:
    """A pipeline: its name, root and components, each read when first used."""

    document: Document
    platforms: Mapping[str, Value]

    @property
    def name(self) -> str:
        return str(self.document["pipelineInfo"]["name"])

    @property
    def workspace(self) -> dict[str, Value] | None:
        """The pipeline's workspace: its `size`, and for `kubernetes` a `pvcSpecPatch`; None if it has none."""
        kubernetes: Any = self.platforms.get("kubernetes") or {}
        workspace: dict[str, Value] | None = kubernetes.get("pipelineConfig", {}).get("workspace")
        return workspace

    @cached_property
    def root(self) -> ComponentSpec:
        return _component("root", self.document["root"], self)

    @cached_property
    def _components(self) -> dict[str, ComponentSpec]:
        return {}

    def component(self, name: str) -> ComponentSpec:
        if name not in self._components:
            self._components[name] = _component(name, self.document["components"][name], self)
        return self._components[name]

    def executor(self, label: str) -> Document:
        executor: Document = self.document["deploymentSpec"]["executors"][label]
        return executor

    def platform(self, label: str, name: str = "kubernetes") -> Document:
        """An executor's settings for a platform; {} if there are none."""
        deployment: Any = self.platforms.get(name) or {}
        settings: Document = deployment.get("deploymentSpec", {}).get("executors", {}).get(label, {})
        return settings

    def timeouts(self, component: str) -> Mapping[str, float]:
        """The timeouts in seconds of a component's nested pipelines, by task."""
        kflite: Any = self.platforms.get("kflite") or {}
        settings: Mapping[str, float] = kflite.get("config", {}).get("timeouts", {}).get(component, {})
        return settings


def read(document: Document, platforms: Mapping[str, Value]) -> Shape:
    """The shape of a checked pipeline document and its platform document."""
    return Shape(document, platforms)


def _component(name: str, doc: Document, shape: Shape) -> ComponentSpec:
    inputs, outputs = doc.get("inputDefinitions", {}), doc.get("outputDefinitions", {})
    return ComponentSpec(
        name.removeprefix("comp-"),
        {k: _parameter(v) for k, v in inputs.get("parameters", {}).items()},
        {k: _artifact(v) for k, v in inputs.get("artifacts", {}).items()},
        {k: _parameter(v) for k, v in outputs.get("parameters", {}).items()},
        {k: _artifact(v) for k, v in outputs.get("artifacts", {}).items()},
        _dag(doc["dag"], shape.timeouts(name)) if "dag" in doc else _executor(doc["executorLabel"], shape),
        {p["field"]: p.get("applyToTask", False) for p in doc.get("taskConfigPassthroughs", ())},
    )


def _parameter(doc: Document) -> ParameterSpec:
    return ParameterSpec(
        doc.get("parameterType", "STRING"),
        doc.get("isOptional", False),
        "defaultValue" in doc,
        with_integers(doc.get("defaultValue")),
        tuple(map(with_integers, doc.get("literals", ()))),
    )


def _artifact(doc: Document) -> ArtifactKind:
    kind = doc.get("artifactType", {})
    title = kind.get("schemaTitle") or kind.get("instanceSchema") or "system.Artifact"
    return ArtifactKind(
        title,
        kind.get("schemaVersion", "0.0.1"),
        doc.get("isArtifactList", False),
        doc.get("isOptional", False),
        doc.get("metadata"),
    )


def _executor(label: str, shape: Shape) -> Container | ImporterSpec:
    doc = shape.executor(label)
    if "importer" in doc:
        return _importer(doc["importer"])
    container = doc["container"]
    platform = shape.platform(label)
    deadline = platform.get("activeDeadlineSeconds")
    return Container(
        container["image"],
        tuple(container.get("command", ())),
        tuple(container.get("args", ())),
        {e["name"]: e.get("value", "") for e in container.get("env", ())},
        _resources(container.get("resources", {})),
        float(deadline) if deadline else None,
        _accelerator(container.get("resources", {})),
        platform,
        _sources(shape.platform(label, "kflite")),
    )


def _sources(doc: Document) -> Sources:
    lists = (tuple(doc.get(key, ())) for key in ("packages", "index_urls", "trusted_hosts"))
    return Sources(doc.get("project", ""), doc.get("file", ""), doc.get("revision", ""), *lists)


def _resources(doc: Document) -> dict[str, str]:
    """Quantities by kflite's names; the new string fields win over the old numbers (cores, and gigabytes of 10^9)."""
    out = {}
    for ours, new, old, unit in (
        ("cpu_request", "resourceCpuRequest", "cpuRequest", ""),
        ("cpu_limit", "resourceCpuLimit", "cpuLimit", ""),
        ("memory_request", "resourceMemoryRequest", "memoryRequest", "G"),
        ("memory_limit", "resourceMemoryLimit", "memoryLimit", "G"),
    ):
        if doc.get(new) or doc.get(old):
            out[ours] = str(doc.get(new) or f"{doc[old]}{unit}")
    gpu = doc.get("accelerator", {})
    count = gpu.get("resourceCount") or gpu.get("count")
    return out | ({"gpus": str(count)} if count else {})


def _accelerator(doc: Document) -> str:
    gpu = doc.get("accelerator", {})
    return str(gpu.get("resourceType") or gpu.get("type") or "")


def _importer(doc: Document) -> ImporterSpec:
    uri = doc.get("artifactUri", {})
    name = uri.get("runtimeParameter")
    binding = Binding(FromInput(name) if name else Constant(uri.get("constant", "")))
    kind = _artifact({"artifactType": doc.get("typeSchema", {}), "metadata": doc.get("metadata")})
    return ImporterSpec(binding, kind, doc.get("reimport", False), doc.get("downloadToWorkspace", False))


def _dag(doc: Document, timeouts: Mapping[str, float]) -> Dag:
    documents = doc.get("tasks", {})
    index = {name: i for i, name in enumerate(documents)}
    tasks = tuple(_task(name, task, index, timeouts.get(name, 0.0)) for name, task in documents.items())
    children: list[list[int]] = [[] for _ in tasks]
    for i, task in enumerate(tasks):
        for parent in task.parents:
            children[parent].append(i)
    outputs = doc.get("outputs", {})
    return Dag(
        tasks,
        tuple(map(tuple, children)),
        {k: _parameter_selectors(v) for k, v in outputs.get("parameters", {}).items()},
        {
            k: tuple(FromTask(s["producerSubtask"], s["outputArtifactKey"]) for s in v.get("artifactSelectors", ()))
            for k, v in outputs.get("artifacts", {}).items()
        },
    )


def _parameter_selectors(doc: Document) -> tuple[FromTask, ...]:
    one, several = doc.get("valueFromParameter"), doc.get("valueFromOneof", {})
    return tuple(
        FromTask(s["producerSubtask"], s["outputParameterKey"]) for s in ([one] if one else several.get("parameterSelectors", ()))
    )


def _task(name: str, doc: Document, index: Mapping[str, int], timeout_s: float) -> TaskSpec:
    inputs, caching, trigger = doc.get("inputs", {}), doc.get("cachingOptions", {}), doc.get("triggerPolicy", {})
    parameters = {k: binding(v) for k, v in inputs.get("parameters", {}).items()}
    artifacts = {k: binding(v) for k, v in inputs.get("artifacts", {}).items()}
    sources = [b.source for b in (*parameters.values(), *artifacts.values())]
    producers = {s.task for s in sources if isinstance(s, FromTask | FinalStatus)} | set(doc.get("dependentTasks", ()))
    return TaskSpec(
        name,
        doc.get("taskInfo", {}).get("name") or name,
        doc["componentRef"]["name"],
        parameters,
        artifacts,
        tuple(sorted(index[p] for p in producers)),
        trigger.get("condition", ""),
        trigger.get("strategy") == "ALL_UPSTREAM_TASKS_COMPLETED",
        _loop(doc),
        _retry(doc.get("retryPolicy", {})),
        caching.get("enableCache", False),
        caching.get("cacheKey", ""),
        timeout_s,
    )


def binding(doc: Document) -> Binding:
    """The source of an input's or a setting's value."""
    selector = doc.get("parameterExpressionSelector", "")
    for key, output in (("taskOutputParameter", "outputParameterKey"), ("taskOutputArtifact", "outputArtifactKey")):
        if key in doc:
            return Binding(FromTask(doc[key]["producerTask"], doc[key][output]), selector)
    for key in ("componentInputParameter", "componentInputArtifact"):
        if key in doc:
            return Binding(FromInput(doc[key]), selector)
    if "taskFinalStatus" in doc:
        return Binding(FinalStatus(doc["taskFinalStatus"]["producerTask"]), selector)
    return Binding(Constant(with_integers(doc.get("runtimeValue", {}).get("constant"))), selector)


def _loop(doc: Document) -> LoopSpec | None:
    limit = doc.get("iteratorPolicy", {}).get("parallelismLimit", 0)
    if it := doc.get("parameterIterator"):
        items = it.get("items", {})
        return LoopSpec(it["itemInput"], items.get("raw", ""), items.get("inputParameter", ""), limit=limit)
    if it := doc.get("artifactIterator"):
        return LoopSpec(it["itemInput"], source=it["items"]["inputArtifact"], artifacts=True, limit=limit)
    return None


def _retry(doc: Document) -> RetryPolicy:
    if not doc.get("maxRetryCount"):
        return RetryPolicy()
    return RetryPolicy(
        int(doc["maxRetryCount"]),
        seconds(doc.get("backoffDuration", "0s")),
        float(doc.get("backoffFactor") or 2.0),
        seconds(doc.get("backoffMaxDuration", "3600s")) or 3600.0,
    )
