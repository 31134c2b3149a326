"""The seam between plans, which say what is to be done, and the scheduler, which gets it done.

A plan is pure: it hears what happened and answers with steps. It has no clock, no I/O and no randomness but a given seed, so
the same news in the same order always gives the same steps; recovery relies on this.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from kflite.core.event import Point
from kflite.core.event_kind import State
from kflite.core.frozen import dataclass
from kflite.core.job import Exit, Job, Resources
from kflite.core.paths import RunPaths
from kflite.core.value import NOTHING, Artifact, Outputs, Value


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`most` further attempts after the first; the n-th waits `backoff_s * factor ** n`, at most `longest_s`, in seconds."""

    most: int = 0
    backoff_s: float = 0.0
    factor: float = 2.0
    longest_s: float = 3600.0

    def delay_s(self, failed: int) -> float:
        """Seconds to wait after the `failed`-th failed attempt (1 for the first)."""
        return min(self.backoff_s * self.factor ** min(failed - 1, 64), self.longest_s)


@dataclass(frozen=True, slots=True)
class Policy:
    """How a task runs. timeout_s: time limit of one attempt in seconds, None for none.

    time_limits: the groups around it that have a time limit, as (path, seconds from the group's start);
    service: the task serves until it is stopped, and an end by itself is a failure.
    """

    retry: RetryPolicy = RetryPolicy()
    timeout_s: float | None = None
    time_limits: tuple[tuple[str, float], ...] = ()
    service: bool = False


class Work(Protocol):
    """What a task does, with its inputs resolved."""

    @property
    def title(self) -> str:
        """The component's name."""

    @property
    def parameters(self) -> Mapping[str, Value]:
        """Resolved input parameters."""

    @property
    def artifacts(self) -> Mapping[str, tuple[Artifact, ...]]:
        """Resolved input artifacts."""

    @property
    def policy(self) -> Policy: ...

    @property
    def request(self) -> Resources:
        """The resources of all replicas together."""

    @property
    def key_parts(self) -> Mapping[str, str] | None:
        """The parts of the cache key by name (short texts or digests); None for a task that is not cached."""

    @property
    def definition(self) -> str:
        """A digest of everything that decides the task's result on any executor, whether it is cached or not."""

    @property
    def unhashed(self) -> frozenset[str]:
        """URIs of external input artifacts whose content must be hashed before there is a cache key."""

    def with_digests(self, contents: Mapping[str, str]) -> Work:
        """The same work with the content digests of these URIs."""

    def job(self, paths: RunPaths, task: str, attempt: int) -> Job:
        """The job of one attempt."""

    def collect(self, paths: RunPaths, task: str, attempt: int, exit: Exit) -> tuple[Exit, Outputs]:
        """Read the attempt's outputs (blocking I/O); a missing or mistyped output turns a success into a failure."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A task whose inputs are there. after_seq: the greatest `Outcome.seq` of the tasks before it.

    always_run: it is an exit task or part of one, and runs even when the run is stopped.
    """

    task: str
    work: Work
    after_seq: int = 0
    always_run: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """A group (sub-DAG, branch or loop) begins. timeout_s: its time limit, 0 for none."""

    task: str
    title: str
    parameters: Mapping[str, Value]
    timeout_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Settled:
    """A task that ends without running (skipped, unresolved inputs, an importer), or a group that ends."""

    task: str
    state: State
    outputs: Outputs = NOTHING
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """The plan's end; no steps follow."""

    state: State
    outputs: Outputs = NOTHING
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop a ready or running task; it then ends in `state`, for this reason."""

    task: str
    reason: str
    state: State = State.SUCCEEDED


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that takes long to answer, or whose answer depends on more than its arguments, such as a library's version.

    It is answered in a thread, and the answer is stored: recovery repeats the answer and not the question.
    id: unique among the run's questions; question: returns the answer as JSON values, and must not change the plan.
    """

    id: str
    question: Callable[[], Value]


Step = Ready | Opened | Settled | Ended | Stop | Ask


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a ready task ended: SUCCEEDED, FAILED, CANCELLED or SKIPPED.

    seq: greater for a later end; a group has that of its last task.
    """

    state: State
    outputs: Outputs = NOTHING
    reason: str = ""
    message: str = ""
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Points:
    """Points of metrics that the plan watches, in the order of storing."""

    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question; error: why there is none."""

    answer: Value = None
    error: str = ""


News = Outcome | Points | Answer


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a plan comes from, for the placeholders that name its run. created: Unix time in seconds.

    root: the run's artifact folder or URL; workspace: the folder that its tasks share, if it asks for one.
    """

    run: str
    name: str
    created: float
    root: str = ""
    workspace: str = ""


class Plan(Protocol):
    """What is to be done: a pipeline, a tuning."""

    @property
    def watches(self) -> Collection[str]:
        """The metrics whose points it hears."""

    def begin(self) -> list[Step]:
        """The first steps. Called once."""

    def hear(self, name: str, news: News) -> list[Step]:
        """The steps that follow from news: the end or points of a `Ready` task, or the answer to a question, by its id."""

    def halt(self) -> list[Step]:
        """Give no new tasks except exit tasks, and settle waiting tasks as skipped.

        Open questions are no longer answered.
        """
