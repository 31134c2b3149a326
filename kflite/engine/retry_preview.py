"""What a retry would do, without doing it: the run is gone through from its events up to where something is to start."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kflite.core.event import Event
from kflite.core.event_kind import State
from kflite.core.plan import News, Plan, Ready, Settled, Step
from kflite.core.task_event import TaskQueued
from kflite.core.value import Value
from kflite.errors import InputError
from kflite.ir.document import Document, DocumentView, component_name, parents, tasks
from kflite.plans.kinds import kind_of, plan
from kflite.runs.cache_report import compare, everything
from kflite.runs.retry import PreparedRetry
from kflite.scheduler.assembly import assemble
from kflite.scheduler.retries import retries
from kflite.scheduler.run import ActiveRun
from kflite.scheduler.submission import submission
from kflite.scheduler.tasks import Caching
from kflite.store.base import RunRow, Store, TaskRow

if TYPE_CHECKING:
    from kflite.core.plan import Work

_ITERATION = re.compile(r"\[\d+\]")
_ENDS = {State.FAILED: "it failed", State.CANCELLED: "it was cancelled", State.SKIPPED: "it was skipped"}


@dataclass(frozen=True, slots=True)
class PreviewedTask:
    """A task and what would become of it. action: "keep", "again", or "drop" for one that is no longer in the pipeline."""

    task: str
    action: str
    reason: str

    def as_json(self) -> dict[str, Value]:
        """As `--json` prints it."""
        return {"name": self.task, "action": self.action, "reason": self.reason}


class _RecordedPlan:
    """A plan that notes which tasks it gives, which end without running, and which it is told to have ended."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.given: dict[str, Work] = {}
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
        self.given.update((step.task, step.work) for step in steps if isinstance(step, Ready))
        self.settled.update(step.task for step in steps if isinstance(step, Settled))
        return steps


def preview_retry(store: Store, run: RunRow, request: PreparedRetry, home: Path, artifacts: str) -> list[PreviewedTask]:
    """Every task that runs something: whether it stays or is done again, and why. Blocks. Raises InputError for a search."""
    if not (kind := kind_of(run.kind)).SINGLE_TASKS:
        raise InputError(f"run {run.run} is a {kind.NOUN}: what a retry of it does cannot be told before")
    events = [*everything(store.events, run.run), request.event]
    before = store.plan(next((r.plan for r in reversed([*retries(events[:-1])]) if r.plan), run.plan))[1]
    document = request.document or before
    stored = submission(events[0], document)
    begun, paths = assemble(stored, plan, home, artifacts, events[0].at)
    recorded = _RecordedPlan(begun)
    ActiveRun(stored, recorded, paths, time.time, Caching(), events).replay("")
    known = {row.task: row for row in store.tasks(run.run) if not row.group}
    return list(_Preview(recorded, known, events, _leaves(_whole(before)), _whole(document)).tell())


class _Preview:
    """The tasks of a run that was replayed.

    known: as they had ended before, by path; events: with the request, the last; before: paths in the pipeline as it was.
    """

    def __init__(
        self,
        recorded: _RecordedPlan,
        known: Mapping[str, TaskRow],
        events: list[Event],
        before: frozenset[str],
        whole: DocumentView,
    ) -> None:
        self._recorded, self._known, self._before, self._whole = recorded, known, before, whole
        self._named = next(reversed([*retries(events)])).names
        self._queued = {event.task: event.data for event in events if isinstance(event.data, TaskQueued)}
        self._leaves = _leaves(whole)

    def tell(self) -> Iterator[PreviewedTask]:
        """In the order in which they had been queued; what is new comes last."""
        for task in dict.fromkeys([*self._known, *self._recorded.given]):
            if task in self._recorded.kept:
                yield PreviewedTask(task, "keep", self._kept(task))
            elif task in self._recorded.given:
                yield PreviewedTask(task, "again", self._why(task))
            elif task not in self._recorded.settled and _bare(task) in self._before | self._leaves:
                yield self._later(task)
        for path in sorted(self._leaves - {_bare(task) for task in (*self._known, *self._recorded.given)}):
            yield self._later(path) if path in self._before else PreviewedTask(path, "again", "it is new")

    def _kept(self, task: str) -> str:
        changed = self._changed(task)
        return f"it succeeded, and is kept although {changed}" if changed else "it succeeded"

    def _why(self, task: str) -> str:
        row = self._known.get(task)
        if row is None:
            return "it is new"
        changed = self._changed(task)
        if row.state is not State.SUCCEEDED:
            return _ENDS.get(row.state, "it had not ended") + (f", and {changed}" if changed else "")
        if self._named(task):
            return "it is named"
        return changed or "what it comes after was done again"

    def _changed(self, task: str) -> str:
        """What of the task differs from what it was, "" for nothing."""
        work, before = self._recorded.given[task], self._queued.get(task)
        if before is None or before.definition in ("", work.definition):
            return ""
        old, new = before.key_parts, work.key_parts
        told = compare(old, new) if old and new else ()
        names = ", ".join(part.name for part in told if part.new is not None and not part.same)
        return f"its {names} changed" if names else "its step changed"

    def _later(self, task: str) -> PreviewedTask:
        levels = list(self._levels(_bare(task)))
        if _bare(task) not in self._leaves:
            return PreviewedTask(task, "drop", "it is not in the pipeline any more")
        first = next((name for level in reversed(levels) for name in sorted(level) if self._moves(name)), "")
        return PreviewedTask(task, "again", f"it comes after {first}" if first else "what it comes after is done again")

    def _levels(self, path: str) -> Iterator[list[str]]:
        """For each group around the task, from the outermost, and itself: what it comes after."""
        body, prefix = self._whole.document["root"], ""
        for name in path.split("/"):
            member = tasks(body).get(name, {})
            yield [f"{prefix}{parent}" for parent in parents(member)]
            prefix += f"{name}/"
            body = self._whole.components.get(component_name(member), {})

    def _moves(self, path: str) -> bool:
        """Whether a task, or one in a group, is done again."""
        moving = {_bare(task) for task in (*self._recorded.given, *self._known) if task not in self._recorded.kept}
        return any(task == path or task.startswith(f"{path}/") for task in moving)


def _bare(task: str) -> str:
    """A task's path in its pipeline, without the numbers of iterations."""
    return _ITERATION.sub("", task)


def _whole(document: str) -> DocumentView:
    return DocumentView(json.loads(document.splitlines()[0]))


def _leaves(whole: DocumentView) -> frozenset[str]:
    """Paths of tasks that run something."""

    def below(body: Document, prefix: str) -> Iterator[str]:
        for name, task in tasks(body).items():
            component = whole.components.get(component_name(task), {})
            if "container" in whole.executors.get(component.get("executorLabel", ""), {}):
                yield f"{prefix}{name}"
            yield from below(component, f"{prefix}{name}/")

    return frozenset(below(whole.document["root"], ""))
