"""What should come out of a pipeline, said as simply as it can be: recursion over the document, no order, no time, no crashes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from kflite.core.event_kind import State

Document = dict[str, Any]
Judge = Callable[[str, int], int | None]
"""(task path, most retries) -> the value that the task gives in the end, None where it fails."""

S, F, K = State.SUCCEEDED, State.FAILED, State.SKIPPED


def expected(document: str, value_of: Judge) -> tuple[State, dict[str, State]]:
    """The run's state, and the state of each task and group that it names."""
    first = json.loads(document.splitlines()[0])
    states: dict[str, State] = {}
    return _dag(first["root"]["dag"], "", first["components"], value_of, states), states


def _dag(dag: Document, path: str, components: Document, value_of: Judge, states: dict[str, State]) -> State:
    ended: dict[str, State] = {}
    values: dict[str, int] = {}
    for name, task in dag["tasks"].items():  # every parent comes before its children
        where = f"{path}/{name}" if path else name
        ended[name] = _task(task, where, ended, values, components, value_of, states)
        states[where] = ended[name]
        if where in values:
            values[name] = values[where]
    return F if F in ended.values() else S


def _task(
    task: Document,
    where: str,
    ended: dict[str, State],
    values: dict[str, int],
    components: Document,
    value_of: Judge,
    states: dict[str, State],
) -> State:
    trigger = task.get("triggerPolicy", {})
    if trigger.get("strategy") != "ALL_UPSTREAM_TASKS_COMPLETED" and any(ended[p] is not S for p in task["dependentTasks"]):
        return K
    component = components[task["componentRef"]["name"]]
    if "executorLabel" in component:
        value = value_of(where, task.get("retryPolicy", {}).get("maxRetryCount", 0))
        if value is not None:
            values[where] = value
        return F if value is None else S
    if "condition" in trigger and values[task["inputs"]["parameters"]["x"]["taskOutputParameter"]["producerTask"]] < 5:
        return K
    if "parameterIterator" in task:
        items = json.loads(task["parameterIterator"]["items"]["raw"])
        parts = [_dag(component["dag"], f"{where}[{i}]", components, value_of, states) for i in range(len(items))]
        return F if F in parts else S
    return _dag(component["dag"], where, components, value_of, states)
