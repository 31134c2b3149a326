"""A preview of a retry: the run is replayed from its events, and what it would start is recorded."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kflite.core.event import Event
from kflite.core.event_kind import State
from kflite.core.frozen import dataclass
from kflite.core.plan import News, Plan, Ready, Settled, Step
from kflite.core.task_event import TaskQueued
from kflite.core.value import Value
from kflite.errors import InputError
from kflite.ir.document import Document, DocumentView, component_name, parents, tasks
from kflite.plans.kinds import kind_of, plan
from kflite.runs.cache_report import all_events, compare
from kflite.runs.retry import PreparedRetry
from kflite.scheduler.assembly import assemble
from kflite.scheduler.retries import retries
from kflite.scheduler.run import ActiveRun
from kflite.scheduler.submission import submission_of
from kflite.scheduler.tasks import Caching
from kflite.store.base import RunRow, Store, TaskRow

if TYPE_CHECKING:
    from kflite.core.plan import Work

_ITERATION = re.compile(r"\[\d+\]")
_ENDS = {State.FAILED: "it failed", State.CANCELLED: "it was cancelled", State.SKIPPED: "it was skipped"}


@dataclass(frozen=True, slots=True)
class PreviewedTask:
    """A task of a previewed retry. action: "keep", "again", or "drop" for one that is no longer in the pipeline."""

    task: str
    action: str
    reason: str

    def as_json(self) -> dict[str, Value]:
        """As `--json` prints it."""
        return {"name": self.task, "action": self.action, "reason": self.reason}


class _RecordedPlan:
    """A plan that records which tasks it starts, which end without running, and whose ends it hears."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.ready: dict[str, Work] = {}
        self.settled: set[str] = set()
        self.kept: set[str] = set()

    def begin(self) -> list[Step]:
        return self._record(self._plan.begin())

    @property
    def watches(self) -> Collection[str]:
        return self._plan.watches

    def hear(self, name: str, news: News) -> list[Step]:
        self.kept.add(name)
        return self._record(self._plan.hear(name, news))

    def halt(self) -> list[Step]:
        return self._record(self._plan.halt())

    def _record(self, steps: list[Step]) -> list[Step]:
        self.ready.update((step.task, step.work) for step in steps if isinstance(step, Ready))
        self.settled.update(step.task for step in steps if isinstance(step, Settled))
        return steps


def preview_retry(store: Store, run: RunRow, request: PreparedRetry, home: Path, artifacts: str) -> list[PreviewedTask]:
    """Every task that runs something, whether it is kept or runs again, and why. Blocks. Raises InputError for a search."""
    if not (kind := kind_of(run.kind)).SINGLE_TASKS:
        raise InputError(f"run {run.run} is a {kind.NOUN}: its retries cannot be previewed")
    events = [*all_events(store.events, run.run), request.event]
    before = store.plan(next((r.plan for r in reversed([*retries(events[:-1])]) if r.plan), run.plan))[1]
    document = request.document or before
    stored = submission_of(events[0], document)
    begun, paths = assemble(stored, plan, home, artifacts, events[0].at)
    recorded = _RecordedPlan(begun)
    ActiveRun(stored, recorded, paths, time.time, Caching(), events).replay("")
    ended = {row.task: row for row in store.tasks(run.run) if not row.group}
    return list(_Preview(recorded, ended, events, _leaves(_view_of(before)), _view_of(document)).previews())


class _Preview:
    """The tasks of a replayed run.

    ended: the tasks as they are stored, by path; events: the run's, the retry last; before: paths in the pipeline before it.
    """

    def __init__(
        self,
        recorded: _RecordedPlan,
        ended: Mapping[str, TaskRow],
        events: list[Event],
        before: frozenset[str],
        view: DocumentView,
    ) -> None:
        self._recorded, self._ended_tasks, self._before, self._view = recorded, ended, before, view
        self._named = next(reversed([*retries(events)])).names
        self._queued = {event.task: event.data for event in events if isinstance(event.data, TaskQueued)}
        self._leaves = _leaves(view)

    def previews(self) -> Iterator[PreviewedTask]:
        """The tasks in the order of queueing, new ones last."""
        for task in dict.fromkeys([*self._ended_tasks, *self._recorded.ready]):
            if task in self._recorded.kept:
                yield PreviewedTask(task, "keep", self._kept(task))
            elif task in self._recorded.ready:
                yield PreviewedTask(task, "again", self._reason(task))
            elif task not in self._recorded.settled and _bare(task) in self._before | self._leaves:
                yield self._pending(task)
        for path in sorted(self._leaves - {_bare(task) for task in (*self._ended_tasks, *self._recorded.ready)}):
            yield self._pending(path) if path in self._before else PreviewedTask(path, "again", "it is new")

    def _kept(self, task: str) -> str:
        changed = self._changed(task)
        return f"it succeeded, and is kept although {changed}" if changed else "it succeeded"

    def _reason(self, task: str) -> str:
        row = self._ended_tasks.get(task)
        if row is None:
            return "it is new"
        changed = self._changed(task)
        if row.state is not State.SUCCEEDED:
            return _ENDS.get(row.state, "it had not ended") + (f", and {changed}" if changed else "")
        if self._named(task):
            return "it is named"
        return changed or "what it comes after was done again"

    def _changed(self, task: str) -> str:
        """What has changed in the task, "" for nothing."""
        work, before = self._recorded.ready[task], self._queued.get(task)
        if before is None or before.definition in ("", work.definition):
            return ""
        old, new = before.key_parts, work.key_parts
        parts = compare(old, new) if old and new else ()
        names = ", ".join(part.name for part in parts if part.new is not None and not part.same)
        return f"its {names} changed" if names else "its step changed"

    def _pending(self, task: str) -> PreviewedTask:
        levels = list(self._levels(_bare(task)))
        if _bare(task) not in self._leaves:
            return PreviewedTask(task, "drop", "it is not in the pipeline any more")
        first = next((name for level in reversed(levels) for name in sorted(level) if self._runs_again(name)), "")
        return PreviewedTask(task, "again", f"it comes after {first}" if first else "what it comes after is done again")

    def _levels(self, path: str) -> Iterator[list[str]]:
        """For each group around the task, from the outermost, and for the task itself: the tasks before it."""
        body, prefix = self._view.document["root"], ""
        for name in path.split("/"):
            member = tasks(body).get(name, {})
            yield [f"{prefix}{parent}" for parent in parents(member)]
            prefix += f"{name}/"
            body = self._view.components.get(component_name(member), {})

    def _runs_again(self, path: str) -> bool:
        """Whether a task, or one in this group, runs again."""
        rerun = {_bare(task) for task in (*self._recorded.ready, *self._ended_tasks) if task not in self._recorded.kept}
        return any(task == path or task.startswith(f"{path}/") for task in rerun)


def _bare(task: str) -> str:
    """A task's path in its pipeline, without the numbers of iterations."""
    return _ITERATION.sub("", task)


def _view_of(document: str) -> DocumentView:
    return DocumentView(json.loads(document.splitlines()[0]))


def _leaves(view: DocumentView) -> frozenset[str]:
    """Paths of the tasks that run something."""

    def below(body: Document, prefix: str) -> Iterator[str]:
        for name, task in tasks(body).items():
            component = view.components.get(component_name(task), {})
            if "container" in view.executors.get(component.get("executorLabel", ""), {}):
                yield f"{prefix}{name}"
            yield from below(component, f"{prefix}{name}/")

    return frozenset(below(view.document["root"], ""))
