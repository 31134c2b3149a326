"""Events: what happened to a run, a task, an attempt. They are the store's truth; all else is derived from them.

Lives here: the event, the data of each kind, the points that attempts give, and the states that events lead to.
`kflite.core.event_json` writes and reads them; `kflite.core.fold` says what they change. Imports nothing of kflite but values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from kflite.core.value import NOTHING, Artifact, Outputs, Value


class State(StrEnum):
    """States of runs and tasks. Only a run is SUSPENDED; only a task is STARTING or SKIPPED."""

    QUEUED = "QUEUED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    STOPPING = "STOPPING"
    SUSPENDED = "SUSPENDED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    SKIPPED = "SKIPPED"

    @property
    def ended(self) -> bool:
        """Whether nothing follows (but a retry by the user)."""
        return self in ENDED


ENDED = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED, State.SKIPPED})


class Kind(StrEnum):
    """Kinds of events, as the store names them. Each has a dataclass of its own below."""

    RUN_SUBMITTED = "run.submitted"
    RUN_STARTED = "run.started"
    RUN_CANCEL = "run.cancel"
    RUN_SUSPEND = "run.suspend"
    RUN_SUSPENDED = "run.suspended"
    RUN_RESUMED = "run.resumed"
    RUN_ANSWERED = "run.answered"
    RUN_STOPPING = "run.stopping"
    RUN_ENDED = "run.ended"
    RUN_RETRIED = "run.retried"
    RUN_LABELLED = "run.labelled"
    RUN_ARCHIVED = "run.archived"
    RUN_UNARCHIVED = "run.unarchived"
    TASK_QUEUED = "task.queued"
    TASK_STARTING = "task.starting"
    TASK_RUNNING = "task.running"
    TASK_WAITING = "task.waiting"
    TASK_SERVING = "task.serving"
    TASK_STOPPING = "task.stopping"
    TASK_SUSPENDED = "task.suspended"
    TASK_RETRYING = "task.retrying"
    TASK_SUCCEEDED = "task.succeeded"
    TASK_FAILED = "task.failed"
    TASK_CANCELLED = "task.cancelled"
    TASK_SKIPPED = "task.skipped"


class EventData:
    """What an event of one kind tells. VERSION grows where the meaning of a field that is stored changes."""

    __slots__ = ()
    KIND: ClassVar[Kind]
    VERSION: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run is run. parallel: tasks at once, 0 for any; timeout_s: longest time of the whole run."""

    cache: bool = True
    fail_fast: bool = False
    parallel: int = 0
    timeout_s: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunSubmitted(EventData):
    """A run is made. kind: of its plan; plan: the digest of the plan's document; on: where it is to run."""

    KIND: ClassVar[Kind] = Kind.RUN_SUBMITTED
    name: str
    kind: str
    pipeline: str
    plan: str
    parameters: Mapping[str, Value] = field(default_factory=dict)
    artifacts: Mapping[str, tuple[Artifact, ...]] = field(default_factory=dict)
    on: str = "local"
    options: RunOptions = RunOptions()
    experiment: str = ""
    profile: str = ""


@dataclass(frozen=True, slots=True)
class RunStarted(EventData):
    """A scheduler begins the run, or takes it over."""

    KIND: ClassVar[Kind] = Kind.RUN_STARTED
    owner: str = ""


@dataclass(frozen=True, slots=True)
class RunCancelRequested(EventData):
    """A request, stored by any process: the run's owner is to stop it. kill: now, and no exit handler runs."""

    KIND: ClassVar[Kind] = Kind.RUN_CANCEL
    reason: str = "cancelled"
    kill: bool = False


@dataclass(frozen=True, slots=True)
class RunSuspendRequested(EventData):
    """A request, stored by any process: the run's owner is to suspend it."""

    KIND: ClassVar[Kind] = Kind.RUN_SUSPEND
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RunSuspended(EventData):
    """Nothing of the run is at work, and nobody owns it until it is resumed."""

    KIND: ClassVar[Kind] = Kind.RUN_SUSPENDED
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RunResumed(EventData):
    """A request, stored by any process: a suspended run is to go on."""

    KIND: ClassVar[Kind] = Kind.RUN_RESUMED


@dataclass(frozen=True, slots=True)
class RunAnswered(EventData):
    """A question that the plan asked under this id has its answer; error: why there is none."""

    KIND: ClassVar[Kind] = Kind.RUN_ANSWERED
    id: str
    answer: Value = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class RunStopping(EventData):
    """The run stops. state: what it ends in whatever its plan says, None for the plan's own."""

    KIND: ClassVar[Kind] = Kind.RUN_STOPPING
    reason: str
    state: State | None = None


@dataclass(frozen=True, slots=True)
class RunEnded(EventData):
    """The run has ended."""

    KIND: ClassVar[Kind] = Kind.RUN_ENDED
    state: State
    reason: str = ""
    outputs: Outputs = NOTHING


@dataclass(frozen=True, slots=True)
class RunRetried(EventData):
    """A request: what did not succeed is to be done again.

    tasks: these too, with what follows from them; plan: digest of a changed document, which also redoes what that changes,
    unless `keep`.
    """

    KIND: ClassVar[Kind] = Kind.RUN_RETRIED
    plan: str = ""
    keep: bool = False
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunLabelled(EventData):
    """The user sets labels; None takes one off."""

    KIND: ClassVar[Kind] = Kind.RUN_LABELLED
    labels: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class RunArchived(EventData):
    """The user hides the run from listings."""

    KIND: ClassVar[Kind] = Kind.RUN_ARCHIVED


@dataclass(frozen=True, slots=True)
class RunUnarchived(EventData):
    """The user brings the run back into listings."""

    KIND: ClassVar[Kind] = Kind.RUN_UNARCHIVED


@dataclass(frozen=True, slots=True)
class TaskQueued(EventData):
    """A task may start, or a group (sub-DAG, loop) begins.

    definition: digest of all that decides its result; artifacts: its inputs; key: of the cache, made of key_parts, "" for none;
    rerun: what it made before is void.
    """

    KIND: ClassVar[Kind] = Kind.TASK_QUEUED
    title: str
    definition: str = ""
    parameters: Mapping[str, Value] = field(default_factory=dict)
    artifacts: Mapping[str, tuple[Artifact, ...]] = field(default_factory=dict)
    key: str = ""
    key_parts: Mapping[str, str] = field(default_factory=dict)
    group: bool = False
    rerun: bool = False


@dataclass(frozen=True, slots=True)
class TaskStarting(EventData):
    """An attempt is about to be started on this executor."""

    KIND: ClassVar[Kind] = Kind.TASK_STARTING
    executor: str


@dataclass(frozen=True, slots=True)
class TaskRunning(EventData):
    """The attempt runs, and the executor finds it by `ref`; or a group does, which has no ref."""

    KIND: ClassVar[Kind] = Kind.TASK_RUNNING
    ref: str = ""


@dataclass(frozen=True, slots=True)
class TaskWaiting(EventData):
    """What the attempt waits for; both empty: for nothing any longer."""

    KIND: ClassVar[Kind] = Kind.TASK_WAITING
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class TaskServing(EventData):
    """The attempt answers at these addresses, by name."""

    KIND: ClassVar[Kind] = Kind.TASK_SERVING
    addresses: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TaskStopping(EventData):
    """The attempt is told to end.

    group: whose time is up, where that is why; outcome: the state that the task ends in, where that is decided.
    """

    KIND: ClassVar[Kind] = Kind.TASK_STOPPING
    reason: str
    group: str = ""
    outcome: State | None = None


@dataclass(frozen=True, slots=True)
class TaskSuspended(EventData):
    """The attempt has ended because the run is suspended; it counts neither as failed nor as lost."""

    KIND: ClassVar[Kind] = Kind.TASK_SUSPENDED
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TaskRetrying(EventData):
    """The attempt has ended badly, and another follows after delay_s. lost: it does not count as one of the user's retries."""

    KIND: ClassVar[Kind] = Kind.TASK_RETRYING
    code: int
    reason: str
    message: str = ""
    delay_s: float = 0.0
    lost: bool = False


@dataclass(frozen=True, slots=True)
class TaskSucceeded(EventData):
    """The task, or group, has succeeded.

    A task with a key becomes an entry of the cache until it expires; source: the run whose entry answered it, "" for none.
    """

    KIND: ClassVar[Kind] = Kind.TASK_SUCCEEDED
    outputs: Outputs = NOTHING
    reason: str = ""
    message: str = ""
    key: str = ""
    key_parts: Mapping[str, str] = field(default_factory=dict)
    expires: float | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class TaskFailed(EventData):
    """The task, or group, has failed. code: the attempt's exit code, None where none ran."""

    KIND: ClassVar[Kind] = Kind.TASK_FAILED
    code: int | None = None
    reason: str = ""
    message: str = ""
    outputs: Outputs = NOTHING


@dataclass(frozen=True, slots=True)
class TaskCancelled(EventData):
    """The task, or group, was given up or stopped."""

    KIND: ClassVar[Kind] = Kind.TASK_CANCELLED
    reason: str = ""
    message: str = ""
    outputs: Outputs = NOTHING


@dataclass(frozen=True, slots=True)
class TaskSkipped(EventData):
    """The task, or group, does not run. rerun: what it made before is void."""

    KIND: ClassVar[Kind] = Kind.TASK_SKIPPED
    reason: str = ""
    message: str = ""
    rerun: bool = False


OfRun = (
    RunSubmitted
    | RunStarted
    | RunCancelRequested
    | RunSuspendRequested
    | RunSuspended
    | RunResumed
    | RunAnswered
    | RunStopping
    | RunEnded
    | RunRetried
    | RunLabelled
    | RunArchived
    | RunUnarchived
)
TaskEnd = TaskSucceeded | TaskFailed | TaskCancelled | TaskSkipped
OfTask = (
    TaskQueued | TaskStarting | TaskRunning | TaskWaiting | TaskServing | TaskStopping | TaskSuspended | TaskRetrying | TaskEnd
)
Data = OfRun | OfTask


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `at` is Unix time in seconds (UTC); `seq` is given by the store, 0 before."""

    run: str
    data: Data
    at: float
    task: str = ""
    attempt: int = 0
    seq: int = 0

    @property
    def kind(self) -> Kind:
        """The kind that the data is of."""
        return self.data.KIND


@dataclass(frozen=True, slots=True)
class Point:
    """A value of a metric that an attempt gave at a step. replica: the rank of the one that gave it; `at` as in events.

    The store gives seq, the number of the last event before it or with it, and position, its place in the order of writing.
    """

    run: str
    task: str
    attempt: int
    replica: int
    metric: str
    step: int
    at: float
    value: float
    seq: int = 0
    position: int = 0
