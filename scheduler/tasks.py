"""The tasks of a run: each is queued, started, stopped and ended here, as events and the actions that follow from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from kflite.core.event_kind import State
from kflite.core.frozen import dataclass
from kflite.core.job import Exit, Job
from kflite.core.paths import RunPaths
from kflite.core.plan import Ready, Stop, Work
from kflite.core.task_event import (
    TaskFailed,
    TaskRetrying,
    TaskRunning,
    TaskServing,
    TaskStarting,
    TaskStopping,
    TaskSucceeded,
    TaskSuspended,
    TaskWaiting,
)
from kflite.core.value import Outputs
from kflite.scheduler import event_data
from kflite.scheduler.action import Action, Enqueue, FetchDigests, Reattach, StopAttempt
from kflite.scheduler.deadlines import Deadlines
from kflite.scheduler.ending import TIMEOUT, TaskEnded, consequence, end_unstarted, may_start_again, timeout_message
from kflite.scheduler.groups import Groups
from kflite.scheduler.ledger import Ledger
from kflite.scheduler.record import TaskState
from kflite.scheduler.stopping import Stopping

_LIVE = (State.STARTING, State.RUNNING, State.STOPPING)
_ACTIVE = (State.STARTING, State.RUNNING)

Ended = Callable[[str, TaskEnded], None]
HasIdentity = Callable[[Work], bool]
NO_IDENTITY: Mapping[str, str] = MappingProxyType({})


def no_identity(work: Work) -> bool:
    """The default: a task's result depends on the task alone."""
    return False


@dataclass(frozen=True, slots=True)
class Caching:
    """has_identity: whether the executor is asked what else decides a task's result; expires_s: how long a result is valid, 0 for
    ever.
    """

    has_identity: HasIdentity = no_identity
    expires_s: float = 0.0


class Tasks:
    """The tasks of one run. active: attempts under way; actions: what the scheduler does once events are stored.

    ended: called with each task that has ended, after its event.
    """

    def __init__(
        self, ledger: Ledger, groups: Groups, stopping: Stopping, clock: Callable[[], float], caching: Caching, ended: Ended
    ) -> None:
        self._ledger, self._groups, self._stopping = ledger, groups, stopping
        self._clock, self._caching, self._ended = clock, caching, ended
        self._deadlines = Deadlines(ledger, clock)
        self._fetching: set[str] = set()
        self.active = 0
        self.actions: list[Action] = []

    def __getitem__(self, task: str) -> TaskState:
        return self._ledger.tasks[task]

    def items(self) -> Iterable[tuple[str, TaskState]]:
        """All tasks and groups with their records."""
        return self._ledger.tasks.items()

    @property
    def paused(self) -> bool:
        """Whether nothing may start, because the run is suspended or being suspended."""
        return bool(self._stopping.suspending) or self._ledger.state is State.SUSPENDED

    def work(self, task: str) -> Work:
        """The work of an unended task."""
        work = self[task].work
        assert work, f"{task} has ended"
        return work

    def job(self, task: str, paths: RunPaths) -> Job:
        """The job of the task's current attempt."""
        return self.work(task).job(paths, task, self[task].attempts)

    # Before an attempt.

    def prepare(self, step: Ready) -> None:
        """Queue a task of the plan as soon as its cache key is known."""
        work = step.work
        if (work.unhashed or self._executor_decides(work)) and not self._stopping.killed:
            self._fetching.add(step.task)
            self.actions.append(FetchDigests(step.task, work.unhashed))
        else:
            self._queue(step.task)

    def is_prepared(self, task: str) -> bool:
        """Whether the task waits for no digests."""
        return task not in self._fetching

    def _executor_decides(self, work: Work) -> bool:
        """Whether the executor adds to the task's cache key."""
        return self._caching.has_identity(work) and work.key_parts is not None

    def digests_fetched(self, task: str, contents: Mapping[str, str], identity: Mapping[str, str] = NO_IDENTITY) -> None:
        """Queue a task whose input digests, and identity on its executor, are known."""
        if task in self._fetching:  # else the run has been stopped
            self._fetching.remove(task)
            if contents:
                self[task].work = self.work(task).with_digests(contents)
            self._queue(task, identity)
            self.enqueue(task)

    def _queue_unhashed(self, task: str) -> None:
        """Queue a task without waiting longer for digests."""
        if task in self._fetching:
            self._fetching.remove(task)
            self._queue(task)

    def _queue(self, task: str, identity: Mapping[str, str] = NO_IDENTITY) -> None:
        self._groups.reopen(task)
        self._ledger.emit(event_data.queued(self.work(task), identity, self[task]), task)

    def enqueue(self, task: str) -> None:
        """Let a queued task start, now or after its retry delay."""
        if self[task].state is not State.QUEUED:
            return
        if group := self._deadlines.overdue(self.work(task).policy):
            self._expire(task, group)
        else:
            self._enqueue_later(task, max(0.0, self[task].due - self._clock()))

    def _enqueue_later(self, task: str, delay_s: float) -> None:
        if not self.paused:
            self.actions.append(Enqueue(task, delay_s))

    def cached(self, task: str, outputs: Outputs, source: str) -> None:
        """End a queued task with a result of the cache."""
        self._end(task, TaskSucceeded(outputs, "cached", key=self[task].key, source=source))

    def refuse(self, task: str, reason: str, message: str) -> None:
        """Fail a queued task that can never start."""
        self._end(task, TaskFailed(1, reason, message))

    # An attempt.

    def start(self, task: str, executor: str) -> None:
        """Start a queued task; the job starts once this is stored."""
        self[task].attempts += 1
        self.active += 1
        self._ledger.emit(TaskStarting(executor), task)

    def reattach(self, task: str) -> None:
        """Continue a task that another scheduler left."""
        record = self[task]
        if record.state is State.QUEUED:
            return self.enqueue(task)
        self.active += 1
        self.actions.append(Reattach(task, record.ref))
        if record.state is State.STOPPING:
            self.actions.append(StopAttempt(task, self._stopping.grace_s))
        return None

    def running(self, task: str, ref: str) -> None:
        """The attempt has started."""
        if self[task].ref != ref:
            self._ledger.emit(TaskRunning(ref), task)

    def waiting(self, task: str, message: str) -> None:
        """The attempt waits for something; "" once it waits no longer."""
        if self[task].state in _ACTIVE:
            self._ledger.emit(TaskWaiting("waiting" if message else "", message), task)

    def serving(self, task: str, addresses: Mapping[str, str]) -> None:
        """The attempt answers at these addresses."""
        if self[task].state in _LIVE:
            self._ledger.emit(TaskServing(addresses), task)

    def exited(self, task: str, exit: Exit, outputs: Outputs) -> None:
        """The attempt has ended, or could not start."""
        record, policy = self[task], self.work(task).policy
        self.active -= 1
        expires = self._clock() + self._caching.expires_s if self._caching.expires_s else None

        def may_retry(delay_s: float) -> bool:
            return not (self._stopping.reason or self._deadlines.overdue(policy, delay_s))

        data = consequence(record, policy, exit, outputs, expires, may_retry)
        if isinstance(data, TaskRetrying | TaskSuspended):
            self._ledger.emit(data, task)
            self._enqueue_later(task, data.delay_s if isinstance(data, TaskRetrying) else 0.0)
        else:
            self._end(task, data)

    # Stopping.

    def expired(self, task: str, attempt: int) -> None:
        """Stop an attempt whose time limit has passed."""
        record = self[task]
        if record.attempts == attempt and record.state in _ACTIVE:
            self._stop(task, TIMEOUT, outcome=State.FAILED)

    def expire(self, group: str) -> None:
        """Stop what runs in a group whose time limit has passed, and fail what waits."""
        if self[group].state is State.RUNNING:
            for task in [t for t, r in self.items() if r.work and group in dict(r.work.policy.time_limits)]:
                self._expire(task, group)

    def _expire(self, task: str, group: str) -> None:
        self._queue_unhashed(task)
        if self[task].state in _ACTIVE:
            self._stop(task, TIMEOUT, group, State.FAILED)
        elif self[task].state is State.QUEUED:
            limit = timeout_message(self.work(task).policy, group)
            self.refuse(task, "Timeout", f"{limit}, and this task was still waiting")

    def stop(self, step: Stop) -> None:
        """Stop a task as the plan says, even one that is being stopped only to start again."""
        self._queue_unhashed(step.task)
        record = self[step.task]
        if record.state is State.QUEUED:
            self._end(step.task, end_unstarted(step.state, step.reason))
        elif record.state in _ACTIVE or (record.state is State.STOPPING and may_start_again(record)):
            self._stop(step.task, step.reason, outcome=step.state)

    def give_up(self, task: str) -> None:
        """End a queued task whose run stops."""
        self._end(task, end_unstarted(State.CANCELLED, self._stopping.reason))

    def stop_all(self) -> None:
        """Stop running tasks and end waiting ones, except those that are spared."""
        for task in sorted(task for task in self._fetching if not self._stopping.spares(self[task])):
            self._queue_unhashed(task)
        for task, record in list(self.items()):
            if record.group or self._stopping.spares(record):
                continue
            if record.state is State.QUEUED:
                self.give_up(task)
            elif record.state is State.STOPPING and record.stopping_outcome is not State.QUEUED:
                self._stop(task, record.stopping, record.stopping_group, record.stopping_outcome)
            elif record.state in _LIVE:
                self._stop(task, self._stopping.reason)

    def suspend(self) -> None:
        """Send running tasks back to the queue."""
        for task, record in list(self.items()):
            if record.state in _ACTIVE and not record.group:
                self._stop(task, self._stopping.suspending, outcome=State.QUEUED)

    def resume(self) -> None:
        """Let queued tasks start."""
        for task, record in list(self.items()):
            if record.work and not record.group and self.is_prepared(task):
                self.enqueue(task)

    def _stop(self, task: str, reason: str, group: str = "", outcome: State | None = None) -> None:
        self._ledger.emit(TaskStopping(reason, group, outcome), task)
        self.actions.append(StopAttempt(task, self._stopping.grace_s))

    def _end(self, task: str, end: TaskEnded) -> None:
        self._ledger.emit(end, task)
        self._ended(task, end)
