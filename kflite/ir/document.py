"""A view of a pipeline's document for checks: its components, executors, tasks and declarations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from kflite.ir.names import child_path
from kflite.ir.types import type_of

# A Python component's container has one of these arguments, and a command that contains its source code.
_SOURCE_ARGS = ("--executor_input", "--executor-input")

Document: TypeAlias = Mapping[str, Any]
Problems: TypeAlias = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class DocumentView:
    """The first document of a pipeline, in canonical proto JSON."""

    document: Document

    @cached_property
    def components(self) -> Mapping[str, Document]:
        """Components by name, without the root."""
        components: Mapping[str, Document] = self.document.get("components", {})
        return components

    @cached_property
    def executors(self) -> Mapping[str, Document]:
        """Executors by label, without malformed ones."""
        executors = self.document.get("deploymentSpec", {}).get("executors", {})
        return {k: v for k, v in executors.items() if isinstance(v, dict)} if isinstance(executors, dict) else {}

    @cached_property
    def bodies(self) -> list[tuple[str, Document]]:
        """The root and all components, each with its path."""
        return [("root", self.document.get("root", {})), *((child_path("components", n), c) for n, c in self.components.items())]

    @cached_property
    def passed_parameters(self) -> Mapping[str, set[str]]:
        """The parameters that tasks pass to each component, declared or not."""
        by_component: dict[str, set[str]] = {}
        for _, body in self.bodies:
            for task in tasks(body).values():
                by_component.setdefault(component_name(task), set()).update(task.get("inputs", {}).get("parameters", {}))
        return by_component


def tasks(body: Document) -> Mapping[str, Document]:
    """The tasks of a component; {} if it has no DAG."""
    tasks_by_name: Mapping[str, Document] = body.get("dag", {}).get("tasks", {})
    return tasks_by_name


def walk(view: DocumentView) -> Iterator[tuple[str, str, Mapping[str, Document], Document]]:
    """Yields for each task its path in the pipeline, the component of its DAG, that DAG's tasks, and the task.

    A nested pipeline that several tasks run is visited once.
    """
    seen: set[str] = set()
    stack = [("", "root", view.document.get("root", {}))]
    while stack:
        prefix, component_of_dag, body = stack.pop()
        for name, task in tasks(body).items():
            yield f"{prefix}{name}", component_of_dag, tasks(body), task
            component = view.components.get(component_name(task), {})
            if "dag" in component and component_name(task) not in seen:
                seen.add(component_name(task))
                stack.append((f"{prefix}{name}/", component_name(task), component))


def holds_source(container: Document) -> bool:
    """Whether a container's command contains a Python component's source code."""
    args = container.get("args")
    return isinstance(args, list) and any(word in _SOURCE_ARGS for word in args)


def component_name(task: Document) -> str:
    """The name of the component that a task runs."""
    return str(task.get("componentRef", {}).get("name", ""))


def declared(body: Document, side: str, kind: str) -> Mapping[str, Document]:
    """A component's declarations. side: "input" or "output"; kind: "parameters" or "artifacts"."""
    declarations: Mapping[str, Document] = body.get(f"{side}Definitions", {}).get(kind, {})
    return declarations


def loop_of(task: Document) -> Document:
    """The task's loop; {} if it has none."""
    loop: Document = task.get("parameterIterator") or task.get("artifactIterator") or {}
    return loop


def output_type(task: Document, component: Document, key: str) -> str:
    """The type of a task's output parameter; always a list for a loop."""
    return "LIST" if loop_of(task) else type_of(declared(component, "output", "parameters")[key])


def parents(spec: Document) -> set[str]:
    """The tasks that a task waits for: explicit dependencies, and producers of its inputs."""
    out = set(spec.get("dependentTasks", ()))
    inputs = spec.get("inputs", {})
    for source in (*inputs.get("parameters", {}).values(), *inputs.get("artifacts", {}).values()):
        for key in ("taskOutputParameter", "taskOutputArtifact", "taskFinalStatus"):
            if key in source:
                out.add(source[key].get("producerTask", ""))
    return out


@dataclass(frozen=True, slots=True)
class Site:
    """A task at `path` in the DAG of the component `parent`."""

    view: DocumentView
    parent: Document
    spec: Document
    path: str

    @property
    def component(self) -> Document | None:
        """The component that the task runs; None if it does not exist."""
        return self.view.components.get(component_name(self.spec))

    @property
    def parameters(self) -> Mapping[str, Document]:
        """The sources of the task's input parameters."""
        sources: Mapping[str, Document] = self.spec.get("inputs", {}).get("parameters", {})
        return sources

    @property
    def artifacts(self) -> Mapping[str, Document]:
        """The sources of the task's input artifacts."""
        sources: Mapping[str, Document] = self.spec.get("inputs", {}).get("artifacts", {})
        return sources
