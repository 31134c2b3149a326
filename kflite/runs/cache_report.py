"""Explains why a task did or did not take its result from the cache, input by input."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from kflite.core.event import Event
from kflite.core.event_kind import State
from kflite.core.frozen import dataclass
from kflite.core.task_event import TaskQueued
from kflite.core.value import Artifact, Outputs, Value
from kflite.store.base import RunRow, Store, TaskRow

_ENTRIES = 200  # newest cached results of the component that are compared
_RUNS = 50  # newest earlier runs of the pipeline that are looked through for the same key


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of the key. old: its value in the result compared with, None where it had no such part; new: in this task."""

    name: str
    old: str | None
    new: str | None

    @property
    def same(self) -> bool:
        return self.old == self.new


@dataclass(frozen=True, slots=True)
class CacheReport:
    """The answer. verdict: a word; text: a sentence; compared: "RUN/TASK" of the nearest cached result, "" for none."""

    hit: bool
    verdict: str
    text: str
    compared: str = ""
    parts: tuple[Difference, ...] = ()

    def as_json(self) -> dict[str, Value]:
        """The answer as `--json` prints it."""
        parts: list[Value] = [{"name": p.name, "old": p.old, "new": p.new, "same": p.same} for p in self.parts]
        return {"hit": self.hit, "verdict": self.verdict, "text": self.text, "compared": self.compared, "inputs": parts}


def explain(store: Store, run: RunRow, task: TaskRow, root: str) -> CacheReport:
    """Explain a task's caching. root: of artifacts. Blocks."""
    key_parts = key_parts_of(store.events, run.run, task.task)
    if task.reason == "cached":
        parts = tuple(Difference(name, text, text) for name, text in (key_parts or {}).items())
        return CacheReport(True, "hit", f"it was answered from run {task.source}", task.source, parts)
    if task.group:
        return CacheReport(False, "group", "it holds other tasks; those are cached, one by one")
    if key_parts is None or not task.key:
        return CacheReport(False, "off", "caching is off for this task: set_caching_options, or what it is, says so")
    if run.options.get("cache") is False:
        return CacheReport(False, "off", "caching was off for the whole run: it was started with --no-cache")
    return _same_key(store, run, task, root) or _nearest(store, run, task, key_parts)


def key_parts_of(events: Callable[[str, int], list[Event]], run: str, task: str) -> Mapping[str, str] | None:
    """The parts of the task's key, from its newest queueing; None for no key."""
    found: Mapping[str, str] | None = None
    for event in all_events(events, run):
        if isinstance(event.data, TaskQueued) and event.task == task:
            found = event.data.key_parts or None
    return found


def all_events(events: Callable[[str, int], list[Event]], run: str) -> Iterator[Event]:
    """All events of a run, in order."""
    last = 0
    while batch := events(run, last):
        yield from batch
        last = batch[-1].seq


def _same_key(store: Store, run: RunRow, task: TaskRow, root: str) -> CacheReport | None:
    """Why the cached result of the same work could not be used."""
    from kflite.store.blobs.artifacts import intact

    for earlier, twin in _twins(store, run, task):
        gone = [artifact.uri for artifact in _artifacts(twin) if not intact(artifact, root)]
        source = f"{earlier.run}/{twin.task}"
        if gone:
            return CacheReport(
                False,
                "gone",
                f"the same was done in {source}, and its artifact {gone[0]} is no longer there, or no longer what it was",
                source,
            )
        if twin.ended and twin.ended > task.queued:
            return CacheReport(False, "later", f"{source} did the same at the same time, and was not over yet", source)
        return CacheReport(
            False, "removed", f"the same was done in {source}, and its cached result had expired or been removed", source
        )
    return None


def _twins(store: Store, run: RunRow, task: TaskRow) -> Iterator[tuple[RunRow, TaskRow]]:
    for earlier in store.runs(_RUNS, before=run.created):
        if earlier.pipeline == run.pipeline:
            for twin in store.tasks(earlier.run):
                if twin.key == task.key and twin.state is State.SUCCEEDED:
                    yield earlier, twin


def _artifacts(task: TaskRow) -> list[Artifact]:
    outputs = Outputs.from_json({"artifacts": dict(task.artifacts)})
    return [artifact for many in outputs.artifacts.values() for artifact in many]


def _nearest(store: Store, run: RunRow, task: TaskRow, key_parts: Mapping[str, str]) -> CacheReport:
    entries = [row for row in store.cache(_ENTRIES, run.pipeline, task.title) if row.created < task.queued]
    if not entries:
        return CacheReport(
            False, "first", f"component {task.title} of pipeline {run.pipeline} has no earlier result in the cache"
        )
    nearest = min(entries, key=lambda row: sum(not part.same for part in compare(row.key_parts, key_parts)))
    parts = compare(nearest.key_parts, key_parts)
    names = ", ".join(part.name for part in parts if not part.same)
    source = f"{nearest.run}/{nearest.task}"
    return CacheReport(False, "changed", f"compared with {source}, these differ: {names}", source, parts)


def compare(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Difference, ...]:
    """The differences, part by part, in the order of the new key."""
    return tuple(Difference(name, old.get(name), new.get(name)) for name in dict.fromkeys([*new, *old]))
