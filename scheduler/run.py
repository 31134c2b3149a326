"""One run: its plan, its tasks, and the decisions on them. Told what happened, it gives events to store and then actions to do.

No I/O: time comes from the clock it is given, the store and the executors are the loop's.
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
    """What a run gives its scheduler: events and points to store in one commit, and actions to do after that."""

    events: list[Event] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)


class ActiveRun:
    """A run in the hands of its scheduler. `take` gives what is to be stored, and then done, since it was last called.

    events: what the store holds of it, where another scheduler left it.
    """

    def __init__(
        self,
        submission: Submission,
        plan: Plan,
        place: RunPaths,
        clock: Callable[[], float],
        caching: Caching,
        events: Sequence[Event] = (),
    ) -> None:
        self.submission, self.place = submission, place
        self._plan, self._clock, self._events = plan, clock, events
        self._ledger, self._history = Ledger(submission.run, clock), History(events)
        self._stopping, self._questions = Stopping(), Questions()
        self._deadlines = Deadlines(self._ledger, clock)
        groups = self._groups = Groups(self._ledger, self._history, self._opened)
        self.tasks = Tasks(self._ledger, groups, self._stopping, clock, caching, self._ended)
        self._points: list[Point] = []
        self._steps: deque[Step] = deque()
        self._stops: list[steps.Stop] = []
        self._following = self._replaying = False
        self._seen: set[str] = set()

    @property
    def id(self) -> str:
        return self.submission.run

    @property
    def state(self) -> State | None:
        return self._ledger.state

    def take(self) -> Decisions:
        """All since the last call."""
        taken = Decisions(self._ledger.pending, self.tasks.actions, self._points)
        self._ledger.pending, self.tasks.actions, self._points = [], [], []
        return taken

    @property
    def over(self) -> bool:
        """Whether it has ended, or is suspended, and all that it had to say was taken."""
        left = self.state is not None and (self.state.ended or self.state is State.SUSPENDED)
        return left and not self._ledger.pending

    def job(self, task: str) -> Job:
        """The job of a task's present attempt."""
        return self.tasks.job(task, self.place)

    # The beginning, and the beginning again.

    def begin(self, owner: str) -> None:
        """A new run."""
        self._ledger.add(self.submission.event(self._clock()))
        self._start(owner)
        self._follow(self._plan.begin())

    def replay(self, owner: str, points: Sequence[Point] = ()) -> None:
        """A run that another scheduler left: what is stored is applied, what is missing is emitted, what ran is found again.

        The plan is told, in the order in which it was stored, all that still counts. points: those stored that it watches.
        """
        for event in self._events:
            self._ledger.apply(event)
        if self.state and self.state.ended:
            return
        self._replaying = True
        self._start(owner)
        self._follow(self._plan.begin())
        for item in self._history.since_retry(points):
            self._retell(item)
        self._replaying = False
        self._go_on()

    def _start(self, owner: str) -> None:
        self._ledger.emit(RunStarted(owner))
        self.tasks.actions += self._deadlines.of_run(self.submission.timeout_s, self._replaying)

    def _retell(self, item: Event | Point) -> None:
        """Tell the plan what is stored."""
        if isinstance(item, Point):
            return self.hear([item])
        match item.data:
            case RunStopping():
                self._halt(item.data)
            case RunAnswered():
                if answer := self._questions.replay(item.data):
                    self._follow(self._plan.hear(item.data.id, answer))
            case _:
                self._tell(self._history.end_of(item))
        return None

    def _tell(self, task: str | None) -> None:
        """Tell the plan of a stored end; and of those that came earlier in the store, and whose turn comes by it."""
        while task is not None:
            self.tasks[task].work = None
            self._follow(self._plan.hear(task, self._history.outcome(task)))
            task = self._history.overdue()

    def _go_on(self) -> None:
        """Do what had been decided and not done, and hear what had been asked and not heard."""
        stops, self._stops = self._stops, []
        for step in stops:
            self.tasks.stop(step)
        for task in self._history.unfinished:
            if self.tasks.is_prepared(task) and self.tasks[task].state not in RESTART:
                self.tasks.find(task)
        if not self.tasks.held:
            self.tasks.actions += self._questions.actions()
        for request in self._history.requests:
            self.request(request)

    # What users ask.

    def request(self, data: object) -> None:
        """Do what somebody asks of the run; what is no request is passed over."""
        match data:
            case RunCancelRequested(reason, kill):
                self.cancel(reason, kill)
            case RunSuspendRequested(reason):
                self.suspend(reason)
            case RunResumed():
                self._resume()

    def cancel(self, reason: str, kill: bool = False, verdict: State | None = State.CANCELLED) -> None:
        """Stop all that runs and give up what waits. Exit tasks go on, and still run, unless it is to be killed.

        verdict: the state that the run ends in; None: the plan's own.
        """
        if (self.state and self.state.ended) or (self._stopping.reason and not kill):
            return
        self._stopping.killed = kill
        if not self._stopping.reason:
            self._halt(self._ledger.emit(RunStopping(reason, verdict)))
        self.tasks.stop_all()

    def suspend(self, reason: str = "") -> None:
        """Send what runs back to the queue, and let nothing start until the run is resumed. One that stops is not suspended."""
        if self.state is State.RUNNING and not self._stopping.reason and not self._stopping.suspending:
            self._stopping.suspending = reason or "suspended"
            self.tasks.suspend()
            self._rest()

    def _resume(self) -> None:
        """The run is not to be suspended after all; one that is, begins again with whoever adopts it."""
        if self._stopping.suspending:
            self._stopping.suspending = ""
            self.tasks.resume()

    def _rest(self) -> None:
        """A run that is to be suspended is, once nothing of it is at work."""
        if self._stopping.suspending and not self.tasks.active and self.state is State.RUNNING:
            self._ledger.emit(RunSuspended(self._stopping.suspending))

    def time_is_up(self, group: str) -> None:
        """A group, or the run, has taken as long as it may."""
        if group:
            self.tasks.expire(group)
        else:
            self.cancel(f"the run took longer than its {self.submission.timeout_s:g} s", verdict=State.FAILED)

    def _halt(self, data: RunStopping) -> None:
        self._stopping.stop(data)
        self._questions.drop()
        self._follow(self._plan.halt())

    # What the plan hears.

    def exited(self, task: str, exit: Exit, outputs: Outputs) -> None:
        """An attempt has ended, or could not be started."""
        self.tasks.exited(task, exit, outputs)
        self._rest()

    @property
    def watches(self) -> Collection[str]:
        """The metrics whose points the plan is told of."""
        return self._plan.watches

    def measured(self, points: Sequence[Point]) -> None:
        """An attempt gave points of metrics: they are to be stored."""
        self._points += points

    def hear(self, points: Sequence[Point]) -> None:
        """Points are stored: the plan is told those that it watches, of tasks that it has not been told the end of."""
        for point in points:
            record = self._ledger.tasks.get(point.task)
            if record and record.work and point.metric in self._plan.watches:
                self._follow(self._plan.hear(point.task, steps.Points((point,))))

    def answered(self, id: str, answer: steps.Answer) -> None:
        """A question has its answer."""
        if self._questions.close(id):
            self._ledger.emit(RunAnswered(id, answer.answer, answer.error))
            self._follow(self._plan.hear(id, answer))

    def _ended(self, task: str, end: TaskEnded) -> None:
        if isinstance(end, TaskFailed):
            self._failed_at(task)
        self._follow(self._plan.hear(task, self._history.later(outcome(end))))

    # What the plan asks.

    def _follow(self, given: list[Step]) -> None:
        """Take the steps, in order, also those that follow from them. A wish to fail fast comes after all of them."""
        self._steps.extend(given)
        if self._following:
            return
        self._following = True
        while self._steps:
            self._step(self._steps.popleft())
        self._following = False
        if failed := self._stopping.first_failure:
            self._stopping.first_failure = ""
            self.cancel(f"{failed} failed, and the run stops at the first failure", verdict=None)

    def _step(self, step: Step) -> None:
        if self._history.planned and isinstance(step, Ready | steps.Opened | steps.Settled):
            self._seen.add(step.task)
        match step:
            case Ready():
                self._ready(step)
            case steps.Opened():
                self._groups.open(step)
            case steps.Settled():
                if self._groups.settle(step):
                    self._failed_at(step.task)
            case steps.Ended(state, outputs, reason):
                self._over(state, outputs, reason)
            case steps.Stop():
                self._stops.append(step) if self._replaying else self.tasks.stop(step)
            case steps.Ask():
                self._ask(step)

    def _ready(self, step: Ready) -> None:
        task, history = step.task, self._history
        record = self._ledger.record(task)
        record.work, record.always_run = step.work, step.always_run
        if self._replaying:
            history.ready(task)
        if history.judged and history.stale(task, step.work.definition, step.after_seq):
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
            self._follow(self._plan.hear(step.id, answer))
        elif not self._replaying:
            self.tasks.actions.append(AnswerQuestion(step.id, step.question))

    def _opened(self, step: steps.Opened) -> None:
        self.tasks.actions += self._deadlines.of_group(step, self._replaying)

    def _failed_at(self, task: str) -> None:
        if self.submission.fail_fast and not self._stopping.reason:
            self._stopping.first_failure = self._stopping.first_failure or task

    def _over(self, state: State, outputs: Outputs, reason: str) -> None:
        if self._stopping.verdict:
            state, reason = self._stopping.verdict, self._stopping.reason
        if self._history.planned and state is State.SUCCEEDED:
            self._groups.forget(self._seen)
        self._ledger.emit(RunEnded(state, reason, outputs))
