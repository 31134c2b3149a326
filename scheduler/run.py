"""One run: its plan, its tasks, and the decisions on them. Told what happened, it gives events to store and then acts to do.

No I/O: time comes from the clock it is given, the store and the executors are the loop's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from kflite.core.event import (
    Event,
    RunEnded,
    RunStarted,
    RunStopping,
    State,
    TaskCancelled,
    TaskFailed,
    TaskRetrying,
    TaskRunning,
    TaskStarting,
    TaskStopping,
    TaskSucceeded,
    TaskWaiting,
)
from kflite.core.job import Exit, Job
from kflite.core.paths import Place
from kflite.core.plan import Ended, Opened, Plan, Ready, Settled, Step, Work
from kflite.core.value import Outputs
from kflite.scheduler import said
from kflite.scheduler.action import Act, Enqueue, Expire, FetchDigests, Reattach, Stop
from kflite.scheduler.groups import Groups
from kflite.scheduler.history import History
from kflite.scheduler.ledger import Ledger
from kflite.scheduler.record import RESTART, TaskRecord, outcome
from kflite.scheduler.submission import Submission

# How long a task may take to end when it is asked to; Kubernetes gives the same.
GRACE_S = 30.0
# Attempts that were lost (a machine, a daemon) and did not use up the user's retries.
MOST_LOST = 3
# An attempt that was found gets so many seconds to tell that it has long ended, before its deadline counts.
FOUND_S = 1.0

_LIVE = (State.STARTING, State.RUNNING, State.STOPPING)


class Run:
    """A run in the hands of its scheduler. `take` gives what is to be stored, and then done, since it was last called."""

    def __init__(
        self,
        submission: Submission,
        plan: Plan,
        place: Place,
        clock: Callable[[], float],
        identify: Callable[[Work], Mapping[str, str]],
        cache_s: float = 0.0,
    ) -> None:
        self.submission, self.place = submission, place
        self._identify, self._cache_s = identify, cache_s
        self.active = 0
        self._plan, self._clock = plan, clock
        self._ledger = Ledger(submission.run, clock)
        self.tasks = self._ledger.tasks
        self._acts: list[Act] = []
        self._history = History(())
        self._groups = Groups(self._ledger, self._history, self._opened)
        self._verdict: State | None = None
        self._stopping = ""
        self._killed = False
        self._steps: deque[Step] = deque()
        self._following = self._replaying = False
        self._first_failure = ""
        self._fetching: set[str] = set()
        self._seen: set[str] = set()

    @property
    def id(self) -> str:
        return self.submission.run

    @property
    def state(self) -> State | None:
        return self._ledger.state

    def take(self) -> tuple[list[Event], list[Act]]:
        """Events to store, and acts to do after that."""
        taken = self._ledger.pending, self._acts
        self._ledger.pending, self._acts = [], []
        return taken

    @property
    def over(self) -> bool:
        """Whether it has ended, and all that it had to say was taken."""
        return bool(self.state and self.state.ended and not self._ledger.pending)

    # The beginning, and the beginning again.

    def begin(self, owner: str) -> None:
        """A new run."""
        self._ledger.add(self.submission.event(self._clock()))
        self._start(owner)
        self._follow(self._plan.begin())

    def replay(self, events: Sequence[Event], owner: str) -> None:
        """A run that another scheduler left: what is stored is applied, what is missing is said, what ran is found again.

        The plan is told, in the order of the events, all that ended and still counts.
        """
        for event in events:
            self._ledger.apply(event)
        if self.state and self.state.ended:
            return
        self._replaying = True
        self._start(owner)
        history = self._history = History(events)
        self._groups = Groups(self._ledger, history, self._opened)
        self._follow(self._plan.begin())
        for event in history.since_retry():
            if isinstance(event.data, RunStopping):
                self._halt(event.data)
            else:
                self._tell(history.end_of(event))
        self._replaying = False
        for task in history.unfinished:
            if task not in self._fetching:
                self._find(task)
        if history.request:
            self.cancel(history.request.reason, history.request.kill)

    def _start(self, owner: str) -> None:
        self._ledger.emit(RunStarted(owner))
        self._bound("", self._ledger.began, self.submission.timeout_s)

    def _tell(self, task: str | None) -> None:
        """Tell the plan of a stored end; and of those that came earlier in the store, and whose turn comes by it."""
        while task is not None:
            self.tasks[task].work = None
            self._follow(self._plan.ended(task, self._history.outcome(task)))
            task = self._history.overdue()

    def _halt(self, stopping: RunStopping) -> None:
        self._stopping, self._verdict = stopping.reason, stopping.state
        self._follow(self._plan.halt())

    def _find(self, task: str) -> None:
        record = self.tasks[task]
        if record.state is State.QUEUED:
            self._enqueue(task, max(0.0, record.due - self._clock()))
        else:
            self.active += 1
            self._acts.append(Reattach(task, record.ref))
            if record.state is State.STOPPING:
                self._acts.append(Stop(task, self._grace))

    # What the loop tells.

    def cached(self, task: str, outputs: Outputs, source: str) -> None:
        """A queued task was found in the cache."""
        self._end(task, TaskSucceeded(outputs, "cached", key=self.tasks[task].key, source=source))

    def start(self, task: str, executor: str) -> Job:
        """A queued task gets its turn; its job is to be started once this is stored."""
        self.tasks[task].attempts += 1
        self.active += 1
        self._ledger.emit(TaskStarting(executor), task)
        return self.job(task)

    def job(self, task: str) -> Job:
        """The job of the task's present attempt."""
        return self.work(task).job(self.place, task, self.tasks[task].attempts)

    def work(self, task: str) -> Work:
        """The work of a task that has not ended."""
        work = self.tasks[task].work
        assert work, f"{task} has ended"
        return work

    def running(self, task: str, ref: str) -> None:
        """The attempt has started."""
        if self.tasks[task].ref != ref:
            self._ledger.emit(TaskRunning(ref), task)

    def noted(self, task: str, text: str) -> None:
        """What the attempt waits for, "" for nothing any longer."""
        record = self.tasks.get(task)
        if record and record.state in (State.STARTING, State.RUNNING):
            self._ledger.emit(TaskWaiting("waiting" if text else "", text), task)

    def exited(self, task: str, exit: Exit, outputs: Outputs) -> None:
        """The attempt has ended, or could not be started."""
        record = self.tasks[task]
        self.active -= 1
        if record.stopping == "timeout":
            exit = Exit(exit.code or 1, "Timeout", said.too_long(self.work(task), record.stopping_group))
        elif record.stopping:
            return self._end(task, TaskCancelled(record.stopping))
        if exit.code:
            return self._failed(task, record, exit)
        expires = self._clock() + self._cache_s if self._cache_s and record.key else None
        return self._end(task, TaskSucceeded(outputs, key=record.key, key_parts=record.key_parts, expires=expires))

    def _failed(self, task: str, record: TaskRecord, exit: Exit) -> None:
        retry, reason = self.work(task).retry, exit.reason or "Error"
        again = record.lost < MOST_LOST if exit.lost else record.failed < retry.most
        delay_s = 0.0 if exit.lost else retry.delay_s(record.failed + 1)
        if again and not (self._stopping or record.stopping_group or self._overdue(task, delay_s)):
            self._ledger.emit(TaskRetrying(exit.code, reason, exit.message, delay_s, exit.lost), task)
            self._acts.append(Enqueue(task, delay_s))
        else:
            self._end(task, TaskFailed(exit.code, reason, exit.message))

    def enqueue(self, task: str) -> None:
        """A task that waits before its next attempt has waited long enough."""
        if self.tasks[task].state is State.QUEUED:
            self._enqueue(task)

    def _enqueue(self, task: str, delay_s: float = 0.0) -> None:
        if group := self._overdue(task):
            self._expire(task, group)
        else:
            self._acts.append(Enqueue(task, delay_s))

    def _overdue(self, task: str, delay_s: float = 0.0) -> str:
        """The group around the task whose time is up, or will be after the delay; "" for none."""
        at, limits = self._clock() + delay_s, self.work(task).time_limits
        return next((group for group, seconds in limits if self._began(group) + seconds <= at), "")

    def _began(self, group: str) -> float:
        return self.tasks[group].started or 0.0

    def expired(self, task: str, attempt: int) -> None:
        """The attempt has run for as long as it may."""
        record = self.tasks[task]
        if record.attempts == attempt and record.state in (State.STARTING, State.RUNNING):
            self._stop(task, "timeout")

    def time_is_up(self, group: str) -> None:
        """A group, or the run, has taken as long as it may. In a group, what runs is stopped, and what waits fails."""
        if not group:
            self.cancel(f"the run took longer than its {self.submission.timeout_s:g} s", verdict=State.FAILED)
        elif self.tasks[group].state is State.RUNNING:
            for task in [t for t, r in self.tasks.items() if r.work and group in dict(r.work.time_limits)]:
                self._expire(task, group)

    def _expire(self, task: str, group: str) -> None:
        if task in self._fetching:
            self._fetching.remove(task)
            self._queue(task, self.work(task))
        state = self.tasks[task].state
        if state in (State.STARTING, State.RUNNING):
            self._stop(task, "timeout", group)
        elif state is State.QUEUED:
            self.refuse(task, "Timeout", f"{said.too_long(self.work(task), group)}, and this still waited for its turn")

    def _bound(self, group: str, since: float, seconds: float | None) -> None:
        if seconds:
            at = since + seconds
            self._acts.append(Expire(group, max(at, self._clock() + FOUND_S) if self._replaying else at))

    def _opened(self, step: Opened) -> None:
        self._bound(step.task, self._began(step.task), step.timeout_s)

    def refuse(self, task: str, reason: str, message: str) -> None:
        """A queued task can never start here."""
        self._end(task, TaskFailed(1, reason, message))

    def cancel(self, reason: str, kill: bool = False, verdict: State | None = State.CANCELLED) -> None:
        """Stop all that runs and give up what waits. Exit tasks go on, and still run, unless it is to be killed.

        verdict: the state that the run ends in; None: the plan's own.
        """
        if (self.state and self.state.ended) or (self._stopping and not kill):
            return
        self._killed = kill
        if not self._stopping:
            self._halt(self._ledger.emit(RunStopping(reason, verdict)))
        fetching = sorted(task for task in self._fetching if not self._spared(self.tasks[task]))
        self._fetching.difference_update(fetching)
        for task in fetching:
            self._queue(task, self.work(task))
        for task, record in list(self.tasks.items()):
            if record.group or self._spared(record):
                continue
            if record.state is State.QUEUED:
                self._give_up(task)
            elif record.state in _LIVE:
                self._stop(task, record.stopping or self._stopping, record.stopping_group)

    def _spared(self, record: TaskRecord) -> bool:
        """Whether a task goes on when the run is stopped."""
        return record.always_run and not self._killed

    def _stop(self, task: str, reason: str, group: str = "") -> None:
        self._ledger.emit(TaskStopping(reason, group), task)
        self._acts.append(Stop(task, self._grace))

    def _give_up(self, task: str) -> None:
        self._end(task, TaskCancelled(self._stopping))

    @property
    def _grace(self) -> float:
        return 0.0 if self._killed else GRACE_S

    # What the plan asks.

    def _follow(self, steps: list[Step]) -> None:
        """Take the steps, in order, also those that follow from them. A wish to fail fast comes after all of them."""
        self._steps.extend(steps)
        if self._following:
            return
        self._following = True
        while self._steps:
            self._step(self._steps.popleft())
        self._following = False
        if self._first_failure:
            reason, self._first_failure = f"{self._first_failure} failed, and the run stops at the first failure", ""
            self.cancel(reason, verdict=None)

    def _step(self, step: Step) -> None:
        if self._history.planned and not isinstance(step, Ended):
            self._seen.add(step.task)
        match step:
            case Ready():
                self._ready(step)
            case Opened():
                self._groups.open(step)
            case Settled():
                if self._groups.settle(step):
                    self._failed_at(step.task)
            case Ended(state, outputs, reason):
                self._over(state, outputs, reason)

    def _ready(self, step: Ready) -> None:
        task, work = step.task, step.work
        record = self._ledger.record(task)
        record.work, record.always_run = work, step.always_run
        if self._replaying:
            self._history.ready(task)
        if self._history.judged and self._history.stale(task, work.definition, step.after_seq):
            self._history.drop(task)
        if self._history.ended(task):
            return None if self._replaying else self._tell(task)
        if record.state in RESTART:
            if work.unhashed and not self._killed:
                self._fetching.add(task)
                return self._acts.append(FetchDigests(task, work.unhashed))
            self._queue(task, work)
        if self._replaying:
            return None
        return self._give_up(task) if self._killed else self._enqueue(task)

    def digests_fetched(self, task: str, contents: Mapping[str, str]) -> None:
        """The content of a task's inputs is known: it is queued."""
        if task in self._fetching:  # else the run was stopped meanwhile
            self._fetching.remove(task)
            work = self.tasks[task].work = self.work(task).with_digests(contents)
            self._queue(task, work)
            self._enqueue(task)

    def _queue(self, task: str, work: Work) -> None:
        self._groups.reopen(task)
        identity = self._identify(work) if work.key_parts is not None else {}
        self._ledger.emit(said.queued(work, identity, self.tasks[task]), task)

    def _end(self, task: str, end: TaskSucceeded | TaskFailed | TaskCancelled) -> None:
        self._ledger.emit(end, task)
        if isinstance(end, TaskFailed):
            self._failed_at(task)
        self._follow(self._plan.ended(task, self._history.later(outcome(end))))

    def _failed_at(self, task: str) -> None:
        if self.submission.fail_fast and not self._stopping:
            self._first_failure = self._first_failure or task

    def _over(self, state: State, outputs: Outputs, reason: str) -> None:
        if self._verdict:
            state, reason = self._verdict, self._stopping
        if self._history.planned and state is State.SUCCEEDED:
            self._groups.forget(self._seen)
        self._ledger.emit(RunEnded(state, reason, outputs))
