"""Two runs side by side: parameters, metrics, outputs, and what came from the cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kflite.client.describe import outputs_json
from kflite.event import State
from kflite.store.base import RunRow, Store, TaskRow
from kflite.value import Value

SECTIONS = ("run", "parameters", "outputs", "metrics", "tasks")


@dataclass(frozen=True, slots=True)
class Pair:
    """A value in both runs; None where a run has none."""

    section: str
    name: str
    first: Value
    second: Value

    @property
    def same(self) -> bool:
        return self.first == self.second


def diff(store: Store, first: RunRow, second: RunRow) -> list[Pair]:
    """All pairs, by section."""
    sides = [_side(store, first), _side(store, second)]
    return [pair for section in SECTIONS for pair in _pairs(section, sides[0][section], sides[1][section])]


def _side(store: Store, run: RunRow) -> dict[str, Mapping[str, Value]]:
    return {
        "run": {"state": run.state.value, "pipeline": run.pipeline, "plan": run.plan[:12], "on": run.on},
        "parameters": run.parameters,
        "outputs": {name: _content(value) for name, value in outputs_json(run.outputs).items()},
        "metrics": {f"{task}/{metric}" if task else metric: value for task, metric, value in store.metrics(run.run)},
        "tasks": {task.task: _how(task) for task in store.tasks(run.run) if not task.group},
    }


def _content(value: Value) -> Value:
    """An artifact is the same where its bytes are, wherever they lie."""
    digest = value.get("digest") if isinstance(value, dict) else None
    return digest or value


def _how(task: TaskRow) -> str:
    if task.reason == "cached":
        return "cached"
    again = f", {task.attempts} attempts" if task.attempts > 1 else ""
    why = f" ({task.reason})" if task.reason and task.state is not State.SUCCEEDED else ""
    return f"{task.state.value}{why}{again}"


def _pairs(section: str, first: Mapping[str, Value], second: Mapping[str, Value]) -> list[Pair]:
    return [Pair(section, name, first.get(name), second.get(name)) for name in dict.fromkeys([*first, *second])]


def diff_json(first: RunRow, second: RunRow, pairs: list[Pair]) -> dict[str, Value]:
    """The comparison as `diff --json` prints it: by section and name, both values."""
    out: dict[str, Value] = {"first": first.run, "second": second.run}
    for section in SECTIONS:
        out[section] = {p.name: {"first": p.first, "second": p.second, "same": p.same} for p in pairs if p.section == section}
    return out
