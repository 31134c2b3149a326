"""Random pipelines as IR documents: nested DAGs, conditions, loops, tasks that always run, retries and deadlines."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

Document = dict[str, Any]
DEADLINE_S = 30


@dataclass
class Builder:
    """Collects components while a pipeline is drawn."""

    random: Random
    components: Document = field(default_factory=dict)

    def pipeline(self) -> str:
        """Both documents, a line each."""
        root = self._dag(depth=0)
        executors = {"exec-leaf": {"container": {"image": "i", "command": ["leaf"]}}}
        executors["exec-slow"] = executors["exec-leaf"]
        first = {
            "pipelineInfo": {"name": "random"},
            "schemaVersion": "2.1.0",
            "root": {"dag": root},
            "components": self.components | {"comp-leaf": _leaf("exec-leaf"), "comp-slow": _leaf("exec-slow")},
            "deploymentSpec": {"executors": executors},
        }
        deadline = {"deploymentSpec": {"executors": {"exec-slow": {"activeDeadlineSeconds": str(DEADLINE_S)}}}}
        return json.dumps(first) + "\n" + json.dumps({"platforms": {"kubernetes": deadline}})

    def _dag(self, depth: int) -> Document:
        tasks: Document = {}
        for n in range(self.random.randint(1, 5 if depth == 0 else 3)):
            name = f"t{n}"
            tasks[name] = self._task(depth, tasks)
        return {"tasks": tasks}

    def _task(self, depth: int, before: Document) -> Document:
        chance = self.random.random()
        if depth >= 2 or chance < 0.65:
            task = self._leaf_task(before)
        elif chance < 0.82:
            task = {"componentRef": {"name": self._component(depth)}}
            self._condition(task, before)
        else:
            task = self._loop(depth)
        parents = [p for p in before if self.random.random() < 0.35]
        task["dependentTasks"] = sorted({*parents, *task.pop("also", [])})
        return task

    def _leaf_task(self, before: Document) -> Document:
        task: Document = {"componentRef": {"name": "comp-slow" if self.random.random() < 0.2 else "comp-leaf"}}
        if self.random.random() < 0.3:
            task["retryPolicy"] = {"maxRetryCount": self.random.randint(1, 2), "backoffDuration": "1s", "backoffFactor": 2.0}
        if self.random.random() < 0.15:
            task["triggerPolicy"] = {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}
        task["cachingOptions"] = {"enableCache": True} if self.random.random() < 0.3 else {}
        return task

    def _component(self, depth: int) -> str:
        name = f"comp-{len(self.components)}"
        self.components[name] = {}
        self.components[name] = {"dag": self._dag(depth + 1)}
        return name

    def _condition(self, task: Document, before: Document) -> None:
        leaves = [name for name, t in before.items() if t["componentRef"]["name"] in ("comp-leaf", "comp-slow")]
        if not leaves or self.random.random() < 0.4:
            return
        leaf = self.random.choice(leaves)
        task["inputs"] = {"parameters": {"x": {"taskOutputParameter": {"producerTask": leaf, "outputParameterKey": "x"}}}}
        task["triggerPolicy"] = {"condition": "int(inputs.parameter_values['x']) >= 5"}
        task["also"] = [leaf]
        component = self.components[task["componentRef"]["name"]]
        component["inputDefinitions"] = {"parameters": {"x": {"parameterType": "NUMBER_INTEGER"}}}

    def _loop(self, depth: int) -> Document:
        name = self._component(depth)
        self.components[name]["inputDefinitions"] = {"parameters": {"item": {"parameterType": "NUMBER_INTEGER"}}}
        items = list(range(self.random.randint(0, 4)))
        task: Document = {"componentRef": {"name": name}}
        task["parameterIterator"] = {"items": {"raw": json.dumps(items)}, "itemInput": "item"}
        if self.random.random() < 0.5:
            task["iteratorPolicy"] = {"parallelismLimit": self.random.randint(1, 2)}
        return task


def changed(pipeline: str) -> str:
    """The same pipeline, in which the slow leaves have another command."""
    first, second = pipeline.splitlines()
    whole = json.loads(first)
    whole["deploymentSpec"]["executors"]["exec-slow"] = {"container": {"image": "i", "command": ["leaf", "changed"]}}
    return json.dumps(whole) + "\n" + second


def _leaf(executor: str) -> Document:
    return {"executorLabel": executor, "outputDefinitions": {"parameters": {"x": {"parameterType": "NUMBER_INTEGER"}}}}
