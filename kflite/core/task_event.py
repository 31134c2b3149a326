"""The data of events of a task and its attempts, a dataclass for each kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar

from kflite.core.event_kind import EventData, Kind, State
from kflite.core.frozen import dataclass
from kflite.core.value import NOTHING, Artifact, Outputs, Value


@dataclass(frozen=True, slots=True)
class TaskQueued(EventData):
    """A task may start, or a group (sub-DAG, loop) begins.

    definition: digest of everything that decides its result; artifacts: its inputs; key: its cache key, made of key_parts, ""
    for none; rerun: its earlier result is void.
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
    """An attempt is about to start on this executor."""

    KIND: ClassVar[Kind] = Kind.TASK_STARTING
    executor: str


@dataclass(frozen=True, slots=True)
class TaskRunning(EventData):
    """The attempt runs, and `ref` names it to its executor; or a group runs, which has no ref."""

    KIND: ClassVar[Kind] = Kind.TASK_RUNNING
    ref: str = ""


@dataclass(frozen=True, slots=True)
class TaskWaiting(EventData):
    """What the attempt waits for; both empty: it waits no longer."""

    KIND: ClassVar[Kind] = Kind.TASK_WAITING
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class TaskServing(EventData):
    """The attempt serves at these addresses, by name."""

    KIND: ClassVar[Kind] = Kind.TASK_SERVING
    addresses: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TaskStopping(EventData):
    """The attempt is being stopped.

    group: the group whose time limit is the reason, if any; outcome: the state that the task will end in, where it is decided.
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
    """The attempt has failed, and another follows after delay_s. lost: it does not count as one of the user's retries."""

    KIND: ClassVar[Kind] = Kind.TASK_RETRYING
    code: int
    reason: str
    message: str = ""
    delay_s: float = 0.0
    lost: bool = False


@dataclass(frozen=True, slots=True)
class TaskSucceeded(EventData):
    """The task or group has succeeded.

    With a key, its result is cached until it expires. source: the run whose cached result it took, "" for none.
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
    """The task or group has failed. code: the attempt's exit code, None where none ran."""

    KIND: ClassVar[Kind] = Kind.TASK_FAILED
    code: int | None = None
    reason: str = ""
    message: str = ""
    outputs: Outputs = NOTHING


@dataclass(frozen=True, slots=True)
class TaskCancelled(EventData):
    """The task or group was stopped, or given up before it started."""

    KIND: ClassVar[Kind] = Kind.TASK_CANCELLED
    reason: str = ""
    message: str = ""
    outputs: Outputs = NOTHING


@dataclass(frozen=True, slots=True)
class TaskSkipped(EventData):
    """The task or group does not run. rerun: its earlier result is void."""

    KIND: ClassVar[Kind] = Kind.TASK_SKIPPED
    reason: str = ""
    message: str = ""
    rerun: bool = False


TaskEnd = TaskSucceeded | TaskFailed | TaskCancelled | TaskSkipped


OfTask = (
    TaskQueued | TaskStarting | TaskRunning | TaskWaiting | TaskServing | TaskStopping | TaskSuspended | TaskRetrying | TaskEnd
)
