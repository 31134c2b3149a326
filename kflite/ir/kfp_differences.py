"""Finds the parts of a pipeline that a KFP backend treats differently, for reports when a pipeline is compiled for one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kflite.ir.document import Document, DocumentView, parents, walk
from kflite.ir.names import some_of

_KINDS = {
    "timeout": "timeouts of pipelines are not kept: it bounds runs, and tasks that run something",
    "artifacts": "loops over artifacts are refused: loop over parameters",
    "several": "a task that runs whatever happened to several before it may wait for ever: let it come after an exit handler",
    "after": "what comes after a task that runs whatever happened before it may not run: put both into a pipeline",
}


def kfp_differences(documents: Sequence[Document]) -> list[str]:
    """All differences between a KFP backend and kflite that concern a pipeline. documents: of a valid pipeline, as proto JSON."""
    by_kind: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    for kind, path in sorted(_tasks_by_kind(documents)):
        by_kind[kind].append(path)
    return [f"on a KFP backend {_KINDS[kind]} (of {some_of(paths)})" for kind, paths in by_kind.items() if paths]


def _tasks_by_kind(documents: Sequence[Document]) -> Iterator[tuple[str, str]]:
    """Yields (kind, the task's path)."""
    view, platforms = DocumentView(documents[0]), documents[1]["platforms"] if len(documents) > 1 else {}
    timeouts = (platforms.get("kflite") or {}).get("config", {}).get("timeouts", {})
    for path, component, siblings, task in walk(view):
        parent_tasks = parents(task)
        if path.rpartition("/")[2] in timeouts.get(component, {}):
            yield "timeout", path
        if task.get("artifactIterator"):
            yield "artifacts", path
        if _always(task) and len(parent_tasks) > 1:
            yield "several", path
        if any(_always(siblings.get(name, {})) for name in parent_tasks):
            yield "after", path


def _always(task: Document) -> bool:
    return bool(task.get("triggerPolicy", {}).get("strategy") == "ALL_UPSTREAM_TASKS_COMPLETED")
