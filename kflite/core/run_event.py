"""What happens to a run: the data of its events, a dataclass for each kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from kflite.core.event_kind import EventData, Kind, State
from kflite.core.value import NOTHING, Artifact, Outputs, Value


@dataclass(frozen=True, slots=True)
class SubmittedOptions:
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
    options: SubmittedOptions = SubmittedOptions()
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
