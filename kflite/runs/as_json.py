"""Runs and tasks as the JSON of `--json`: the shapes of the command line's contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from kflite.core.value import Value
from kflite.store.base import ArtifactRow, CacheRow, RunRow, TaskRow
from kflite.store.catalogue import ExperimentRow, VersionRow


def run_json(run: RunRow, tasks: Iterable[TaskRow]) -> dict[str, Value]:
    """What `run --json` and `show --json` print."""
    return {
        "run": run.run,
        "name": run.name,
        "state": run.state.value,
        "outputs": outputs_json(run.outputs),
        "tasks": [task_json(task) for task in tasks],
        **_noted(run),
    }


def task_json(task: TaskRow) -> dict[str, Value]:
    """One of `tasks`; the name is the path."""
    return {
        "name": task.task,
        "state": task.state.value,
        "reason": task.reason,
        "attempts": task.attempts,
        "executor": task.executor,
        "started": iso(task.started),
        "ended": iso(task.ended),
        "parameters": dict(task.parameters),
        "outputs": dict(task.outputs),
        "artifacts": one_or_many(task.artifacts),
    }


def listed_json(run: RunRow) -> dict[str, Value]:
    """One of what `ls --json` prints."""
    return {
        "run": run.run,
        "name": run.name,
        "state": run.state.value,
        "kind": run.kind,
        "started": iso(run.started),
        "ended": iso(run.ended),
        **_noted(run),
    }


def _noted(run: RunRow) -> dict[str, Value]:
    """The run's experiment, labels and archiving."""
    return {"experiment": run.experiment, "labels": dict(run.labels), "archived": run.archived is not None}


def version_json(row: VersionRow) -> dict[str, Value]:
    """One of what `pipelines ls --json` and `versions --json` print."""
    return {
        "pipeline": row.pipeline,
        "version": row.version,
        "document": row.plan,
        "description": row.description,
        "created": iso(row.created),
        "runs": row.runs,
    }


def experiment_json(row: ExperimentRow) -> dict[str, Value]:
    """One of what `experiments ls --json` prints."""
    return {
        "experiment": row.name,
        "description": row.description,
        "created": iso(row.created),
        "archived": row.archived is not None,
        "runs": row.runs,
    }


def artifact_json(row: ArtifactRow) -> dict[str, Value]:
    """One of what `artifacts ls --json` prints."""
    made = {"id": row.id, "run": row.run, "task": row.task, "output": row.output, "created": iso(row.created)}
    return made | row.artifact.as_json()


def cache_json(row: CacheRow) -> dict[str, Value]:
    """One of what `cache ls --json` prints."""
    return {
        "key": row.key,
        "run": row.run,
        "task": row.task,
        "pipeline": row.pipeline,
        "created": iso(row.created),
        "expires": iso(row.expires),
    }


def outputs_json(outputs: Mapping[str, Value]) -> dict[str, Value]:
    """Parameters as values and artifacts as objects, in one mapping; takes what `Outputs.as_json` gives."""
    parameters, artifacts = outputs.get("parameters") or {}, outputs.get("artifacts") or {}
    assert isinstance(parameters, dict)
    assert isinstance(artifacts, dict)
    return parameters | one_or_many(artifacts)


def one_or_many(artifacts: Mapping[str, Value]) -> dict[str, Value]:
    """Artifacts by name: the one where there is one, else the list."""
    return {name: many[0] if isinstance(many, list) and len(many) == 1 else many for name, many in artifacts.items()}


def iso(at: float | None) -> str | None:
    """Unix seconds as UTC, `2026-11-24T08:30:12.345Z`; None stays None."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
