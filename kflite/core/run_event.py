"""The data of a run's events, a dataclass for each kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar

from kflite.core.event_kind import EventData, Kind, State
from kflite.core.frozen import dataclass
from kflite.core.value import NOTHING, Artifact, Outputs, Value


@dataclass(frozen=True, slots=True)
class SubmittedOptions:
    """How a run runs. parallel: tasks at once, 0 for any number; timeout_s: time limit of the whole run."""

    cache: bool = True
    fail_fast: bool = False
    parallel: int = 0
    timeout_s: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunSubmitted(EventData):
    """A run is submitted. kind: of its plan; plan: the digest of the plan's document; on: its target."""

    KIND: ClassVar[Kind] = Kind.RUN_SUBMITTED
    name: str
    kind: str
    pipeline: str
    plan: str
    parameters: Mapping[str, Value] = field(default_factory=dict)
    artifacts: Mapping[str, tuple[Artifact, ...]] = field(default_factory=dict)
    on: str = "local"
    options: SubmittedOptions = SubmittedOptions()
    experiment: str = ""
    profile: str = ""


@dataclass(frozen=True, slots=True)
class RunStarted(EventData):
    """A scheduler begins or adopts the run."""

    KIND: ClassVar[Kind] = Kind.RUN_STARTED
    owner: str = ""


@dataclass(frozen=True, slots=True)
class RunCancelRequested(EventData):
    """A request, stored by any process, to stop the run. kill: at once, without exit handlers."""

    KIND: ClassVar[Kind] = Kind.RUN_CANCEL
    reason: str = "cancelled"
    kill: bool = False


@dataclass(frozen=True, slots=True)
class RunSuspendRequested(EventData):
    """A request, stored by any process, to suspend the run."""

    KIND: ClassVar[Kind] = Kind.RUN_SUSPEND
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RunSuspended(EventData):
    """None of the run's attempts is active, and it has no owner until it is resumed."""

    KIND: ClassVar[Kind] = Kind.RUN_SUSPENDED
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RunResumed(EventData):
    """A request, stored by any process, to let a suspended run go on."""

    KIND: ClassVar[Kind] = Kind.RUN_RESUMED


@dataclass(frozen=True, slots=True)
class RunAnswered(EventData):
    """The plan's question with this id is answered. error: why there is no answer."""

    KIND: ClassVar[Kind] = Kind.RUN_ANSWERED
    id: str
    answer: Value = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class RunStopping(EventData):
    """The run stops. state: the state that it will end in, None for the plan's own."""

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
    """A request to run again what did not succeed.

    tasks: run these again too, with all that depends on them; plan: digest of a changed document, whose changed tasks run again
    as well unless `keep`.
    """

    KIND: ClassVar[Kind] = Kind.RUN_RETRIED
    plan: str = ""
    keep: bool = False
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunLabelled(EventData):
    """The user sets labels; None removes one."""

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
