"""Components that are IR already: a compiled component, which runs a container, or a compiled pipeline."""

from __future__ import annotations

import json
from collections.abc import Mapping

from kflite.core.value import Value
from kflite.dsl import trace
from kflite.dsl.component import Component
from kflite.dsl.interface import Input, Interface, Output
from kflite.dsl.types import ArtifactType, Parameter
from kflite.ir import Pipeline
from kflite.ir.document import Document, Whole, declared, referred, tasks
from kflite.ir.types import type_of
from kflite.ir.types import whole as integral

# What makes a task more than its component.
_BESIDE = ("triggerPolicy", "parameterIterator", "artifactIterator", "retryPolicy")


class LoadedComponent(Component):
    """A component out of a document. name_inside: of the only component, where that runs a container; "" for a whole pipeline."""

    def __init__(self, pipeline: Pipeline, source: str) -> None:
        self.pipeline = pipeline
        self.document = Whole(pipeline.documents[0])
        # A longest time is a pipeline's, and cannot be handed on to a task that runs a container.
        self.name_inside = "" if "activeDeadlineSeconds" in self.asked else _only(self.document)
        self.has_container = bool(self.name_inside)
        self.has_tasks = not self.has_container
        self.body: Document = self.document.components.get(self.name_inside, self.document.document["root"])
        super().__init__(trace.kebab(pipeline.name), interface_of(self.body), source)
        self.description = str(pipeline.spec.pipeline_info.description)

    @property
    def words(self) -> list[str]:
        return [json.dumps(self.pipeline.documents[0])]

    def platforms(self, label: str) -> dict[str, Document]:
        """What the platform document holds for an executor, by platform."""
        found: dict[str, Document] = {}
        for name, body in self.pipeline.platforms.items():
            config: object = body
            for key in ("deploymentSpec", "executors", label):
                config = config.get(key) if isinstance(config, Mapping) else None
            if isinstance(config, Mapping):
                found[name] = config
        return found

    @property
    def asked(self) -> Mapping[str, Value]:
        platform: Document = self.pipeline.platforms.get("kubernetes") or {}  # type: ignore[assignment]
        return platform.get("pipelineConfig") or {}

    @property
    def timeouts(self) -> Mapping[str, Mapping[str, int]]:
        """How long pipelines in it may take, in seconds, by the component and the task in it."""
        config: Document = self.pipeline.platforms.get("kflite") or {}  # type: ignore[assignment]
        found: Mapping[str, Mapping[str, int]] = config.get("config", {}).get("timeouts", {})
        return found


def interface_of(body: Document) -> Interface:
    """The interface that a component declares in IR."""
    inputs = {name: _parameter(told) for name, told in declared(body, "input", "parameters").items()}
    for name, told in declared(body, "input", "artifacts").items():
        inputs[name] = Input(_artifact(told), "artifact", bool(told.get("isOptional")), None, told.get("description", ""))
    outputs = {
        name: Output(Parameter(type_of(told)), "return", told.get("description", ""))
        for name, told in declared(body, "output", "parameters").items()
    }
    for name, told in declared(body, "output", "artifacts").items():
        outputs[name] = Output(_artifact(told), "return", told.get("description", ""))
    return Interface(inputs, outputs)


def _parameter(told: Document) -> Input:
    kind = Parameter(type_of(told), literals=tuple(integral(one) for one in told.get("literals", ())))  # type: ignore[misc]
    default = integral(told.get("defaultValue"))
    return Input(kind, "value", "defaultValue" in told or bool(told.get("isOptional")), default, told.get("description", ""))


def _artifact(told: Document) -> ArtifactType:
    kind = told.get("artifactType", {})
    version = kind.get("schemaVersion", "0.0.1")
    return ArtifactType(kind.get("schemaTitle", "system.Artifact"), version, bool(told.get("isArtifactList")))


def _only(whole: Whole) -> str:
    """The component that a document wraps as compilers wrap one that runs a container; "" where it is a pipeline of its own."""
    root = whole.document.get("root", {})
    if len(tasks(root)) != 1:
        return ""
    ((name, task),) = tasks(root).items()
    found = referred(task)
    executor = whole.executors.get(whole.components.get(found, {}).get("executorLabel", ""), {})
    wrapped = "container" in executor and not any(key in task for key in _BESIDE)
    wrapped = wrapped and interface_of(root).inputs == interface_of(whole.components[found]).inputs
    return found if wrapped and _passes_all(root, task, name) else ""


def _passes_all(root: Document, task: Document, name: str) -> bool:
    """Whether a task's inputs are all those of its DAG, and its outputs are too."""
    inputs = task.get("inputs", {})
    given = {n: p.get("componentInputParameter") for n, p in inputs.get("parameters", {}).items()}
    given |= {n: a.get("componentInputArtifact") for n, a in inputs.get("artifacts", {}).items()}
    outer = {*declared(root, "input", "parameters"), *declared(root, "input", "artifacts")}
    outputs = root["dag"].get("outputs", {})
    told = [(n, p.get("valueFromParameter", {}), "outputParameterKey") for n, p in outputs.get("parameters", {}).items()]
    told += [(n, a["artifactSelectors"][0], "outputArtifactKey") for n, a in outputs.get("artifacts", {}).items()]
    made = all((one.get("producerSubtask"), one.get(key)) == (name, n) for n, one, key in told)
    return made and given == {n: n for n in outer}
