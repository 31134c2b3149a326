"""Builds IR documents by hand, so that a test says no more of a pipeline than what it is about."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]
TYPES = {int: "NUMBER_INTEGER", float: "NUMBER_DOUBLE", str: "STRING", bool: "BOOLEAN", list: "LIST", dict: "STRUCT"}


def parameters(**types: type | Document) -> Document:
    """Declared parameters: a Python type each, or a whole declaration."""
    declared = {k: v if isinstance(v, dict) else {"parameterType": TYPES[v]} for k, v in types.items()}
    return {"parameters": declared} if declared else {}


def optional(type: type, **more: Any) -> Document:
    """A declaration of an optional parameter; `defaultValue` is one of `more`."""
    return {"parameterType": TYPES[type], "isOptional": True, **more}


def of(task: str, output: str = "x") -> Document:
    """An input that another task gives."""
    return {"taskOutputParameter": {"producerTask": task, "outputParameterKey": output}}


def outer(name: str, **more: Any) -> Document:
    """An input of the DAG around."""
    return {"componentInputParameter": name, **more}


def constant(value: Any) -> Document:
    """A value that is written in the pipeline."""
    return {"runtimeValue": {"constant": value}}


def task(
    component: str = "leaf",
    after: Sequence[str] = (),
    inputs: Mapping[str, Document] | None = None,
    always: bool = False,
    condition: str = "",
    **fields: Any,
) -> Document:
    """A task of a DAG; `fields` are the document's own."""
    trigger = {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"} if always else {}
    trigger |= {"condition": condition} if condition else {}
    out: Document = {"componentRef": {"name": f"comp-{component}"}, **fields}
    out |= {"dependentTasks": list(after)} if after else {}
    out |= {"inputs": {"parameters": dict(inputs)}} if inputs else {}
    return out | ({"triggerPolicy": trigger} if trigger else {})


def loop(component: str, items: Any, limit: int = 0, **fields: Any) -> Document:
    """A loop over items that are written in the pipeline, given to its tasks as `item`."""
    iterator = {"items": {"raw": json.dumps(items)}, "itemInput": "item"}
    policy = {"iteratorPolicy": {"parallelismLimit": limit}} if limit else {}
    return task(component, parameterIterator=iterator, **policy, **fields)


@dataclass
class Pipeline:
    """Components as they are added; `leaf`, which takes nothing and gives the integer `x`, is there already."""

    components: Document = field(default_factory=dict)
    executors: Document = field(default_factory=dict)
    platform: Document = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.leaf("leaf", outputs=parameters(x=int))

    def leaf(
        self,
        name: str,
        inputs: Document | None = None,
        outputs: Document | None = None,
        deadline: float = 0,
        platform: Document | None = None,
        **container: Any,
    ) -> Pipeline:
        """A component that runs a container. platform: its settings as kfp.kubernetes writes them."""
        self.components[f"comp-{name}"] = _declared(inputs, outputs) | {"executorLabel": f"exec-{name}"}
        self.executors[f"exec-{name}"] = {"container": {"image": "img", "command": ["run"], **container}}
        if platform:
            self.platform[f"exec-{name}"] = platform
        if deadline:
            self.platform[f"exec-{name}"] = {"activeDeadlineSeconds": str(deadline)}
        return self

    def importer(self, name: str, uri: Document, inputs: Document | None = None, **more: Any) -> Pipeline:
        """A component that takes what exists already as the artifact `data`."""
        outputs = {"artifacts": {"data": {"artifactType": {"schemaTitle": "system.Dataset"}}}}
        self.components[f"comp-{name}"] = _declared(inputs, outputs) | {"executorLabel": f"exec-{name}"}
        kind = {"schemaTitle": "system.Dataset"}
        self.executors[f"exec-{name}"] = {"importer": {"artifactUri": uri, "typeSchema": kind, **more}}
        return self

    def group(
        self,
        name: str,
        tasks: Mapping[str, Document],
        inputs: Document | None = None,
        outputs: Document | None = None,
        **gives: Any,
    ) -> Pipeline:
        """A component that is a DAG; `gives` is where its outputs come from."""
        dag = {"tasks": dict(tasks)} | ({"outputs": gives} if gives else {})
        self.components[f"comp-{name}"] = _declared(inputs, outputs) | {"dag": dag}
        return self

    def document(self, inputs: Document | None = None, gives: Document | None = None, **tasks: Document) -> str:
        """The pipeline of these tasks, as `kflite.ir.Pipeline.dumps` writes it. gives: where its outputs come from."""
        dag = {"tasks": tasks} | ({"outputs": gives} if gives else {})
        first = {
            "pipelineInfo": {"name": "p"},
            "schemaVersion": "2.1.0",
            "root": _declared(inputs, None) | {"dag": dag},
            "components": self.components,
            "deploymentSpec": {"executors": self.executors},
        }
        if not self.platform:
            return json.dumps(first)
        return (
            json.dumps(first) + "\n" + json.dumps({"platforms": {"kubernetes": {"deploymentSpec": {"executors": self.platform}}}})
        )


def _declared(inputs: Document | None, outputs: Document | None) -> Document:
    return ({"inputDefinitions": inputs} if inputs else {}) | ({"outputDefinitions": outputs} if outputs else {})
