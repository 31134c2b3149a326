"""What of a pipeline holds in kflite, and not on a KFP backend: told when it is written for one, kind by kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kflite.ir.document import Document, Whole, parents, walk

_NAMED = 6  # tasks that a line names
_KINDS = {
    "timeout": "timeouts of pipelines are not kept: it bounds runs, and tasks that run something",
    "artifacts": "loops over artifacts are refused: loop over parameters",
    "several": "a task that runs whatever happened to several before it may wait for ever: let it come after an exit handler",
    "after": "what comes after a task that runs whatever happened before it may not run: put both into a pipeline",
}


def abroad(documents: Sequence[Document]) -> list[str]:
    """All that a KFP backend does otherwise than kflite. documents: of a sound pipeline, as proto JSON."""
    found: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    for kind, path in sorted(_found(documents)):
        found[kind].append(path)
    return [f"on a KFP backend {_KINDS[kind]} (of {_names(paths)})" for kind, paths in found.items() if paths]


def _names(paths: list[str]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(paths[:_NAMED]) + more


def _found(documents: Sequence[Document]) -> Iterator[tuple[str, str]]:
    """(kind, the task's path)."""
    whole, platforms = Whole(documents[0]), documents[1]["platforms"] if len(documents) > 1 else {}
    timeouts = (platforms.get("kflite") or {}).get("config", {}).get("timeouts", {})
    for path, inside, beside, task in walk(whole):
        before = parents(task)
        if path.rpartition("/")[2] in timeouts.get(inside, {}):
            yield "timeout", path
        if task.get("artifactIterator"):
            yield "artifacts", path
        if _always(task) and len(before) > 1:
            yield "several", path
        if any(_always(beside.get(name, {})) for name in before):
            yield "after", path


def _always(task: Document) -> bool:
    return bool(task.get("triggerPolicy", {}).get("strategy") == "ALL_UPSTREAM_TASKS_COMPLETED")
