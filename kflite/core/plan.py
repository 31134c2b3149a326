"""The seam between what is to be done and who gets it done.

A plan is pure: told what happened, it answers with steps. It has no clock, no I/O and no randomness but a seed it is given, so
that the same news in the same order always gives the same steps; this is what recovery rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from kflite.core.event import Point
from kflite.core.event_kind import State
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
    """How a task is run. timeout_s: longest run time of one attempt, in seconds, None for any.

    time_limits: groups around it that have a longest time, from their beginning, as (path, seconds).
    service: it has no end of its own, and serves until it is stopped: an end by itself is a failure.
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
        """What all replicas take together."""

    @property
    def key_parts(self) -> Mapping[str, str] | None:
        """What the cache key is made of, by name (each a short text or a digest); None where the task is not to be cached."""

    @property
    def definition(self) -> str:
        """A digest of all that decides the task's result, whether that is cached or not, and wherever it runs."""

    @property
    def unhashed(self) -> frozenset[str]:
        """URIs of input artifacts that lie outside, and whose content must be known before there is a key."""

    def with_digests(self, contents: Mapping[str, str]) -> Work:
        """The same work, where the content of these URIs is known."""

    def job(self, place: RunPaths, task: str, attempt: int) -> Job:
        """The job of one attempt."""

    def collect(self, place: RunPaths, task: str, attempt: int, exit: Exit) -> tuple[Exit, Outputs]:
        """Read what the attempt left (blocking I/O); a missing or mistyped output turns success into a failed exit."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A task whose inputs are there. after_seq: the greatest `Outcome.seq` of those that it comes after.

    always_run: it is, or belongs to, what runs whatever happened (an exit task), and goes on when the run is stopped.
    """

    task: str
    work: Work
    after_seq: int = 0
    always_run: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """A group (sub-DAG, branch or loop) began. timeout_s: the longest time that it may take in all, 0 for any."""

    task: str
    title: str
    parameters: Mapping[str, Value]
    timeout_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Settled:
    """A task that ended without running (skipped, failed to resolve its inputs, an importer), or a group that closed."""

    task: str
    state: State
    outputs: Outputs = NOTHING
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """The plan's end; after it there are no more steps."""

    state: State
    outputs: Outputs = NOTHING
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """End a task that is ready or at work, before its own end; it then ends in `state`, for this reason."""

    task: str
    reason: str
    state: State = State.SUCCEEDED


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that takes long to answer, or whose answer depends on more than its arguments: the version of a library.

    It is asked in a thread, and its answer is stored, so that recovery repeats the answer and not the question.
    id: names it among the run's questions; question: gives the answer, as JSON holds it. It must not change the plan.
    """

    id: str
    question: Callable[[], Value]


Step = Ready | Opened | Settled | Ended | Stop | Ask


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a ready task ended: SUCCEEDED, FAILED, CANCELLED or SKIPPED.

    seq: greater for what ended later; of a group, its last.
    """

    state: State
    outputs: Outputs = NOTHING
    reason: str = ""
    message: str = ""
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Points:
    """Points of metrics that the plan watches, in the order in which they were stored."""

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

    root: the run's folder or URL of artifacts; workspace: the folder that its tasks share, if it asks for one.
    """

    run: str
    name: str
    created: float
    root: str = ""
    workspace: str = ""


class Plan(Protocol):
    """What is to be done."""

    @property
    def watches(self) -> Collection[str]:
        """The metrics whose points it is told of."""

    def begin(self) -> list[Step]:
        """The first steps. Called once."""

    def hear(self, name: str, news: News) -> list[Step]:
        """What follows from news: the end or points of a task that was `Ready`, or the answer to a question, by its id."""

    def halt(self) -> list[Step]:
        """Give no new tasks but those that run whatever happened (exit handlers); what waits is settled as skipped.

        Questions that are open are not answered any more.
        """
