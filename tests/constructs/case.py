"""A case: a small pipeline, and what must come of it on every executor."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.json_format import MessageToDict
from unit.plans.dag.builder import Pipeline

import kflite
from kflite.runs.artifact import RunArtifact

EVERYWHERE = ("inline", "process", "docker")
PYTHON = ("inline", "process")
COMMANDS = ("process", "docker")


@dataclass(frozen=True)
class Case:
    """A pipeline, its parameters, and how it must end.

    outputs: the run's, to the type, None for any; an artifact stands as what its file holds. tasks: by path the state, and
    after a colon a part of its reason or message; others may end as they like. says: a part of the run's reason.
    refused: a part of why it cannot be submitted.
    """

    name: str
    pipeline: object
    outputs: Mapping[str, Any] | None = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    state: str = "SUCCEEDED"
    tasks: Mapping[str, str] = field(default_factory=dict)
    says: str = ""
    refused: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    on: tuple[str, ...] = PYTHON
    also: Callable[[kflite.Run], None] | None = None

    def check(self, run: kflite.Run | Exception) -> None:
        """Compare the run, or why there is none, with what must come of it."""
        if isinstance(run, Exception) or self.refused:
            assert self.refused, str(run)
            assert self.refused in str(run)
            return
        told = story(run)
        assert run.state == self.state, told
        assert self.says in run.reason, told
        ended = {path: f"{task.state}: {task.reason} {task.message}" for path, task in run.tasks.items()}
        for path, wanted in self.tasks.items():
            state, _, part = wanted.partition(": ")
            assert path in ended or not state, f"{path} is none of {list(ended)}"
            assert state == ended.get(path, ": ").partition(": ")[0], f"{path}: {told}"
            assert part in ended.get(path, ""), told
        if self.state == "SUCCEEDED" and self.outputs is not None:
            found = {name: content(value) for name, value in run.outputs.items()}
            assert as_typed(found) == as_typed(self.outputs), told
        if self.also:
            self.also(run)


def content(value: object) -> Any:
    """A parameter as it is; what an artifact's file holds."""
    if isinstance(value, list):
        return [content(item) for item in value]
    if not isinstance(value, RunArtifact):
        return value
    assert value.path is not None
    return value.path.read_text()


def as_typed(value: object) -> str:
    """What tells 1 from 1.0 and True."""
    return json.dumps(value, sort_keys=True)


def story(run: kflite.Run) -> str:
    """All that a reader of a failed test wants to know."""
    lines = [f"{run.name}: {run.state} {run.reason} {dict(run.outputs)}"]
    for path, task in run.tasks.items():
        lines.append(f"  {path}: {task.state} {task.reason} {task.message}")
        lines += [f"    | {line}" for file in task.log_files() for line in file.read_text().splitlines()[-8:]]
    return "\n".join(lines)


def borrowed(*components: Any) -> Pipeline:
    """A document to write by hand, with these components of kfp's compiler in it, by their names."""
    made = Pipeline()
    for component in components:
        document = MessageToDict(component.pipeline_spec)
        made.components |= document["components"]
        made.executors |= document["deploymentSpec"]["executors"]
    return made


def by_hand(made: Pipeline, **more: Any) -> dict[str, Any]:
    """The document of `made.document(...)` as a target."""
    document: dict[str, Any] = json.loads(made.document(**more).splitlines()[0])
    return document
