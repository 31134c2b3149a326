"""One run: its plan, its tasks, and the decisions on them. It turns what happened into events to store and actions to do.

No I/O: it reads the clock it is given, and leaves the store and the executors to the loop.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from kflite.core import plan as steps
from kflite.core.event import Event, Point
from kflite.core.event_kind import State
from kflite.core.job import Exit, Job
from kflite.core.paths import RunPaths
from kflite.core.plan import Plan, Ready, Step
from kflite.core.run_event import (
    RunAnswered,
    RunCancelRequested,
    RunEnded,
    RunResumed,
    RunStarted,
    RunStopping,
    RunSuspended,
    RunSuspendRequested,
)
from kflite.core.task_event import TaskFailed
from kflite.core.value import Outputs
from kflite.scheduler.action import Action, AnswerQuestion
from kflite.scheduler.deadlines import Deadlines
from kflite.scheduler.ending import TaskEnded
from kflite.scheduler.groups import Groups
from kflite.scheduler.history import History
from kflite.scheduler.ledger import Ledger
from kflite.scheduler.questions import Questions
from kflite.scheduler.record import RESTART, outcome
from kflite.scheduler.stopping import Stopping
from kflite.scheduler.submission import Submission
from kflite.scheduler.tasks import Caching, Tasks


@dataclass(slots=True)
class Decisions:
    """What a run gives its scheduler: events and points to store in one commit, and then actions to do."""

    events: list[Event] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)


class ActiveRun:
    """A run of this scheduler. `take` returns the decisions since it was last called.

    events: those in the store, of a run that is adopted.
    """

    def __init__(
        self,
        submission: Submission,
        plan: Plan,
        paths: RunPaths,
        clock: Callable[[], float],
        caching: Caching,
        events: Sequence[Event] = (),
    ) -> None:
        self.submission, self.paths = submission, paths
        self._plan, self._clock, self._events = plan, clock, events
        self._ledger, self._history = Ledger(submission.run, clock), History(events)
        self._stopping, self._questions = Stopping(), Questions()
        self._deadlines = Deadlines(self._ledger, clock)
        groups = self._groups = Groups(self._ledger, self._history, self._opened)
        self.tasks = Tasks(self._ledger, groups, self._stopping, clock, caching, self._ended)
        self._points: list[Point] = []
        self._steps: deque[Step] = deque()
        self._replayed_stops: list[steps.Stop] = []
        self._taking = self._replaying = False
        self._planned_tasks: set[str] = set()

    @property
    def id(self) -> str:
        return self.submission.run

    @property
    def state(self) -> State | None:
        return self._ledger.state

    def take(self) -> Decisions:
        """The decisions since the last call."""
        taken = Decisions(self._ledger.pending, self.tasks.actions, self._points)
        self._ledger.pending, self.tasks.actions, self._points = [], [], []
        return taken

    @property
    def over(self) -> bool:
        """Whether the run has ended or is suspended, and all its events were taken."""
        finished = self.state is not None and (self.state.ended or self.state is State.SUSPENDED)
        return finished and not self._ledger.pending

    def job(self, task: str) -> Job:
        """The job of a task's current attempt."""
        return self.tasks.job(task, self.paths)

    # Starting and replaying.

    def begin(self, owner: str) -> None:
        """Begin a new run."""
        self._ledger.add(self.submission.event(self._clock()))
        self._start(owner)
        self._take(self._plan.begin())

    def replay(self, owner: str, points: Sequence[Point] = ()) -> None:
        """Adopt a run that another scheduler left: apply its events, let the plan hear what still counts, and go on.

        points: the stored points of metrics that the plan watches.
        """
        for event in self._events:
            self._ledger.apply(event)
        if self.state and self.state.ended:
            return
        self._replaying = True
        self._start(owner)
        self._take(self._plan.begin())
        for item in self._history.to_replay(points):
            self._replay_item(item)
        self._replaying = False
        self._continue()

    def _start(self, owner: str) -> None:
        self._ledger.emit(RunStarted(owner))
        self.tasks.actions += self._deadlines.of_run(self.submission.timeout_s, self._replaying)

    def _replay_item(self, item: Event | Point) -> None:
        """Let the plan hear a stored event or point."""
        if isinstance(item, Point):
            return self.hear([item])
        match item.data:
            case RunStopping():
                self._halt(item.data)
            case RunAnswered():
                if answer := self._questions.replay(item.data):
                    self._take(self._plan.hear(item.data.id, answer))
            case _:
                self._tell(self._history.end_of(item))
        return None

    def _tell(self, task: str | None) -> None:
        """Let the plan hear a stored end, and those stored earlier whose tasks it has started since."""
        while task is not None:
            self.tasks[task].work = None
            self._take(self._plan.hear(task, self._history.outcome(task)))
            task = self._history.next_early()

    def _continue(self) -> None:
        """After the replay: do what was decided but not done, and handle requests that were stored but not handled."""
        stops, self._replayed_stops = self._replayed_stops, []
        for step in stops:
            self.tasks.stop(step)
        for task in self._history.unfinished:
            if self.tasks.is_prepared(task) and self.tasks[task].state not in RESTART:
                self.tasks.reattach(task)
        if not self.tasks.paused:
            self.tasks.actions += self._questions.actions()
        for request in self._history.requests:
            self.request(request)

    # Requests.

    def request(self, data: object) -> None:
        """Handle the data of a request event; other data is ignored."""
        match data:
            case RunCancelRequested(reason, kill):
                self.cancel(reason, kill)
            case RunSuspendRequested(reason):
                self.suspend(reason)
            case RunResumed():
                self._resume()

    def cancel(self, reason: str, kill: bool = False, verdict: State | None = State.CANCELLED) -> None:
        """Stop running tasks and give up waiting ones. Exit tasks still run, unless the run is killed.

        verdict: the state that the run ends in; None: the plan's own.
        """
        if (self.state and self.state.ended) or (self._stopping.reason and not kill):
            return
        self._stopping.killed = kill
        if not self._stopping.reason:
            self._halt(self._ledger.emit(RunStopping(reason, verdict)))
        self.tasks.stop_all()

    def suspend(self, reason: str = "") -> None:
        """Send running tasks back to the queue, and start nothing until the run is resumed. A stopping run is not suspended."""
        if self.state is State.RUNNING and not self._stopping.reason and not self._stopping.suspending:
            self._stopping.suspending = reason or "suspended"
            self.tasks.suspend()
            self._suspend_if_idle()

    def _resume(self) -> None:
        """Take back a suspension under way. A run that is suspended begins again with the scheduler that adopts it."""
        if self._stopping.suspending:
            self._stopping.suspending = ""
            self.tasks.resume()

    def _suspend_if_idle(self) -> None:
        """Suspend the run once none of its attempts is active."""
        if self._stopping.suspending and not self.tasks.active and self.state is State.RUNNING:
            self._ledger.emit(RunSuspended(self._stopping.suspending))

    def expire(self, group: str) -> None:
        """The time limit of a group has passed, or with "" that of the run."""
        if group:
            self.tasks.expire(group)
        else:
            self.cancel(f"the run took longer than its {self.submission.timeout_s:g} s", verdict=State.FAILED)

    def _halt(self, data: RunStopping) -> None:
        self._stopping.stop(data)
        self._questions.drop()
        self._take(self._plan.halt())

    # What the plan hears.

    def exited(self, task: str, exit: Exit, outputs: Outputs) -> None:
        """An attempt has ended, or could not start."""
        self.tasks.exited(task, exit, outputs)
        self._suspend_if_idle()

    @property
    def watches(self) -> Collection[str]:
        """The metrics whose points the plan hears."""
        return self._plan.watches

    def add_points(self, points: Sequence[Point]) -> None:
        """Take an attempt's points of metrics, to be stored."""
        self._points += points

    def hear(self, points: Sequence[Point]) -> None:
        """Let the plan hear stored points that it watches, of tasks whose end it has not heard."""
        for point in points:
            record = self._ledger.tasks.get(point.task)
            if record and record.work and point.metric in self._plan.watches:
                self._take(self._plan.hear(point.task, steps.Points((point,))))

    def answered(self, id: str, answer: steps.Answer) -> None:
        """A question is answered."""
        if self._questions.close(id):
            self._ledger.emit(RunAnswered(id, answer.answer, answer.error))
            self._take(self._plan.hear(id, answer))

    def _ended(self, task: str, end: TaskEnded) -> None:
        if isinstance(end, TaskFailed):
            self._record_failure(task)
        self._take(self._plan.hear(task, self._history.later(outcome(end))))

    # The plan's steps.

    def _take(self, steps_to_take: list[Step]) -> None:
        """Take the steps in order, with those that follow from them; stopping at a first failure comes last."""
        self._steps.extend(steps_to_take)
        if self._taking:
            return
        self._taking = True
        while self._steps:
            self._step(self._steps.popleft())
        self._taking = False
        if failed := self._stopping.first_failure:
            self._stopping.first_failure = ""
            self.cancel(f"{failed} failed, and the run stops at the first failure", verdict=None)

    def _step(self, step: Step) -> None:
        if self._history.plan_changed and isinstance(step, Ready | steps.Opened | steps.Settled):
            self._planned_tasks.add(step.task)
        match step:
            case Ready():
                self._ready(step)
            case steps.Opened():
                self._groups.open(step)
            case steps.Settled():
                if self._groups.settle(step):
                    self._record_failure(step.task)
            case steps.Ended(state, outputs, reason):
                self._end(state, outputs, reason)
            case steps.Stop():
                self._replayed_stops.append(step) if self._replaying else self.tasks.stop(step)
            case steps.Ask():
                self._ask(step)

    def _ready(self, step: Ready) -> None:
        task, history = step.task, self._history
        record = self._ledger.record(task)
        record.work, record.always_run = step.work, step.always_run
        if self._replaying:
            history.ready(task)
        if history.selective and history.stale(task, step.work.definition, step.after_seq):
            history.drop(task)
        if history.ended(task):
            return None if self._replaying else self._tell(task)
        if record.state in RESTART:
            self.tasks.prepare(step)
        if self._replaying or not self.tasks.is_prepared(task):
            return None
        return self.tasks.give_up(task) if self._stopping.killed else self.tasks.enqueue(task)

    def _ask(self, step: steps.Ask) -> None:
        if answer := self._questions.ask(step):
            self._take(self._plan.hear(step.id, answer))
        elif not self._replaying:
            self.tasks.actions.append(AnswerQuestion(step.id, step.question))

    def _opened(self, step: steps.Opened) -> None:
        self.tasks.actions += self._deadlines.of_group(step, self._replaying)

    def _record_failure(self, task: str) -> None:
        if self.submission.fail_fast and not self._stopping.reason:
            self._stopping.first_failure = self._stopping.first_failure or task

    def _end(self, state: State, outputs: Outputs, reason: str) -> None:
        if self._stopping.verdict:
            state, reason = self._stopping.verdict, self._stopping.reason
        if self._history.plan_changed and state is State.SUCCEEDED:
            self._groups.forget(self._planned_tasks)
        self._ledger.emit(RunEnded(state, reason, outputs))
