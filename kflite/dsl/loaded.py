"""Components loaded from IR: a compiled component, which runs a container, or a compiled pipeline."""

from __future__ import annotations

import json
from collections.abc import Mapping

from kflite.core.value import Value, with_integers
from kflite.dsl import trace
from kflite.dsl.component import Component
from kflite.dsl.interface import Input, Interface, Output
from kflite.dsl.types import ArtifactType, Parameter
from kflite.ir import Pipeline
from kflite.ir.document import Document, DocumentView, component_name, declared, tasks
from kflite.ir.types import type_of

# A task with one of these keys is more than a call of its component.
_TASK_ONLY_KEYS = ("triggerPolicy", "parameterIterator", "artifactIterator", "retryPolicy")


class LoadedComponent(Component):
    """A component from a document. name_inside: the only component, if it runs a container; "" for a pipeline."""

    def __init__(self, pipeline: Pipeline, source: str) -> None:
        self.pipeline = pipeline
        self.document = DocumentView(pipeline.documents[0])
        # A timeout of the pipeline cannot be passed on to a task that runs a container.
        self.name_inside = "" if "activeDeadlineSeconds" in self.requested_config else _wrapped_component(self.document)
        self.has_container = bool(self.name_inside)
        self.has_tasks = not self.has_container
        self.body: Document = self.document.components.get(self.name_inside, self.document.document["root"])
        super().__init__(trace.kebab(pipeline.name), interface_of(self.body), source)
        self.description = str(pipeline.spec.pipeline_info.description)

    @property
    def words(self) -> list[str]:
        return [json.dumps(self.pipeline.documents[0])]

    def platforms(self, label: str) -> dict[str, Document]:
        """An executor's settings, by platform."""
        by_platform: dict[str, Document] = {}
        for name, body in self.pipeline.platforms.items():
            config: object = body
            for key in ("deploymentSpec", "executors", label):
                config = config.get(key) if isinstance(config, Mapping) else None
            if isinstance(config, Mapping):
                by_platform[name] = config
        return by_platform

    @property
    def requested_config(self) -> Mapping[str, Value]:
        platform: Document = self.pipeline.platforms.get("kubernetes") or {}  # type: ignore[assignment]
        return platform.get("pipelineConfig") or {}

    @property
    def timeouts(self) -> Mapping[str, Mapping[str, int]]:
        """The timeouts of nested pipelines in seconds, by component and task."""
        config: Document = self.pipeline.platforms.get("kflite") or {}  # type: ignore[assignment]
        timeouts: Mapping[str, Mapping[str, int]] = config.get("config", {}).get("timeouts", {})
        return timeouts


def interface_of(body: Document) -> Interface:
    """The interface of a component in IR."""
    inputs = {name: _parameter(spec) for name, spec in declared(body, "input", "parameters").items()}
    for name, spec in declared(body, "input", "artifacts").items():
        inputs[name] = Input(_artifact(spec), "artifact", bool(spec.get("isOptional")), None, spec.get("description", ""))
    outputs = {
        name: Output(Parameter(type_of(spec)), "return", spec.get("description", ""))
        for name, spec in declared(body, "output", "parameters").items()
    }
    for name, spec in declared(body, "output", "artifacts").items():
        outputs[name] = Output(_artifact(spec), "return", spec.get("description", ""))
    return Interface(inputs, outputs)


def _parameter(spec: Document) -> Input:
    kind = Parameter(type_of(spec), literals=tuple(with_integers(one) for one in spec.get("literals", ())))  # type: ignore[misc]
    default = with_integers(spec.get("defaultValue"))
    return Input(kind, "value", "defaultValue" in spec or bool(spec.get("isOptional")), default, spec.get("description", ""))


def _artifact(spec: Document) -> ArtifactType:
    kind = spec.get("artifactType", {})
    version = kind.get("schemaVersion", "0.0.1")
    return ArtifactType(kind.get("schemaTitle", "system.Artifact"), version, bool(spec.get("isArtifactList")))


def _wrapped_component(view: DocumentView) -> str:
    """The single container component that a compiler wrapped in a pipeline; "" for a real pipeline."""
    root = view.document.get("root", {})
    if len(tasks(root)) != 1:
        return ""
    ((name, task),) = tasks(root).items()
    component = component_name(task)
    executor = view.executors.get(view.components.get(component, {}).get("executorLabel", ""), {})
    wrapped = "container" in executor and not any(key in task for key in _TASK_ONLY_KEYS)
    wrapped = wrapped and interface_of(root).inputs == interface_of(view.components[component]).inputs
    return component if wrapped and _passes_all(root, task, name) else ""


def _passes_all(root: Document, task: Document, name: str) -> bool:
    """Whether a task has exactly the inputs and outputs of its DAG."""
    inputs = task.get("inputs", {})
    sources = {n: p.get("componentInputParameter") for n, p in inputs.get("parameters", {}).items()}
    sources |= {n: a.get("componentInputArtifact") for n, a in inputs.get("artifacts", {}).items()}
    outer = {*declared(root, "input", "parameters"), *declared(root, "input", "artifacts")}
    outputs = root["dag"].get("outputs", {})
    spec = [(n, p.get("valueFromParameter", {}), "outputParameterKey") for n, p in outputs.get("parameters", {}).items()]
    spec += [(n, a["artifactSelectors"][0], "outputArtifactKey") for n, a in outputs.get("artifacts", {}).items()]
    gives_all = all((one.get("producerSubtask"), one.get(key)) == (name, n) for n, one, key in spec)
    return gives_all and sources == {n: n for n in outer}
