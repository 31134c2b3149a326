"""A pipeline's document as a check looks at it: what is declared where, and which tasks use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from kflite.ir.names import below
from kflite.ir.types import type_of

Document: TypeAlias = Mapping[str, Any]
Problems: TypeAlias = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class Whole:
    """The first document of a pipeline, as proto JSON in its canonical form."""

    document: Document

    @cached_property
    def components(self) -> Mapping[str, Document]:
        """Components by name, without the root."""
        found: Mapping[str, Document] = self.document.get("components", {})
        return found

    @cached_property
    def executors(self) -> Mapping[str, Document]:
        """Executors by label; {} where the document has none, or none that can be read."""
        found = self.document.get("deploymentSpec", {}).get("executors", {})
        return {k: v for k, v in found.items() if isinstance(v, dict)} if isinstance(found, dict) else {}

    @cached_property
    def bodies(self) -> list[tuple[str, Document]]:
        """The root and all components, each with its path."""
        return [("root", self.document.get("root", {})), *((below("components", n), c) for n, c in self.components.items())]

    @cached_property
    def given(self) -> Mapping[str, set[str]]:
        """By component: the parameters that some task gives it, declared or not."""
        out: dict[str, set[str]] = {}
        for _, body in self.bodies:
            for task in tasks(body).values():
                out.setdefault(referred(task), set()).update(task.get("inputs", {}).get("parameters", {}))
        return out


def tasks(body: Document) -> Mapping[str, Document]:
    """The tasks of a component; {} where it has no DAG."""
    found: Mapping[str, Document] = body.get("dag", {}).get("tasks", {})
    return found


def walk(whole: Whole) -> Iterator[tuple[str, str, Mapping[str, Document], Document]]:
    """Each task: its path in the pipeline, the component that it stands in, the tasks beside it, and itself.

    A pipeline that several tasks use is gone through once.
    """
    seen: set[str] = set()
    stack = [("", "root", whole.document.get("root", {}))]
    while stack:
        prefix, inside, body = stack.pop()
        for name, task in tasks(body).items():
            yield f"{prefix}{name}", inside, tasks(body), task
            component = whole.components.get(referred(task), {})
            if "dag" in component and referred(task) not in seen:
                seen.add(referred(task))
                stack.append((f"{prefix}{name}/", referred(task), component))


def referred(task: Document) -> str:
    """The name of the component that a task runs."""
    return str(task.get("componentRef", {}).get("name", ""))


def declared(body: Document, side: str, kind: str) -> Mapping[str, Document]:
    """What a component declares. side: "input" or "output"; kind: "parameters" or "artifacts"."""
    found: Mapping[str, Document] = body.get(f"{side}Definitions", {}).get(kind, {})
    return found


def iterator(task: Document) -> Document:
    """The task's loop, {} where it has none."""
    found: Document = task.get("parameterIterator") or task.get("artifactIterator") or {}
    return found


def output_type(task: Document, component: Document, key: str) -> str:
    """The type of a task's output parameter; a loop gives a list, whatever its body declares."""
    return "LIST" if iterator(task) else type_of(declared(component, "output", "parameters")[key])


def parents(spec: Document) -> set[str]:
    """The tasks that a task waits for: those it names, and those that give it something."""
    out = set(spec.get("dependentTasks", ()))
    inputs = spec.get("inputs", {})
    for source in (*inputs.get("parameters", {}).values(), *inputs.get("artifacts", {}).values()):
        for key in ("taskOutputParameter", "taskOutputArtifact", "taskFinalStatus"):
            if key in source:
                out.add(source[key].get("producerTask", ""))
    return out


@dataclass(frozen=True, slots=True)
class Site:
    """A task where it stands: in the DAG of `around`, at `path`."""

    whole: Whole
    around: Document
    spec: Document
    path: str

    @property
    def component(self) -> Document | None:
        """The component that the task runs; None where it does not exist."""
        return self.whole.components.get(referred(self.spec))

    @property
    def parameters(self) -> Mapping[str, Document]:
        """The task's input parameters, with where each comes from."""
        found: Mapping[str, Document] = self.spec.get("inputs", {}).get("parameters", {})
        return found

    @property
    def artifacts(self) -> Mapping[str, Document]:
        """The task's input artifacts, with where each comes from."""
        found: Mapping[str, Document] = self.spec.get("inputs", {}).get("artifacts", {})
        return found
