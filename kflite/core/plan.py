"""The seam between what is to be done and who gets it done.

A plan is pure: told what has ended, it answers with steps. It has no clock, no I/O and no randomness but a seed it is given, so
that the same endings in the same order always give the same steps; this is what recovery rests on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from kflite.core.event import State
from kflite.core.job import Exit, Job, Resources
from kflite.core.paths import Place
from kflite.core.value import NOTHING, Artifact, Outputs, Value


@dataclass(frozen=True, slots=True)
class Retry:
    """`most` further attempts after the first; the n-th waits `backoff_s * factor ** n`, at most `longest_s`, in seconds."""

    most: int = 0
    backoff_s: float = 0.0
    factor: float = 2.0
    longest_s: float = 3600.0

    def delay_s(self, failed: int) -> float:
        """Seconds to wait after the `failed`-th failed attempt (1 for the first)."""
        return min(self.backoff_s * self.factor ** min(failed - 1, 64), self.longest_s)


class Work(Protocol):
    """What a task does, with its inputs resolved."""

    @property
    def title(self) -> str:
        """The component's name."""

    @property
    def image(self) -> str:
        """The container image, "" where it has none."""

    @property
    def python(self) -> bool:
        """Whether it is a Python component, which executors may run without its image."""

    @property
    def parameters(self) -> Mapping[str, Value]:
        """Resolved input parameters."""

    @property
    def artifacts(self) -> Mapping[str, tuple[Artifact, ...]]:
        """Resolved input artifacts."""

    @property
    def request(self) -> Resources:
        """What all replicas take together."""

    @property
    def retry(self) -> Retry: ...
    @property
    def timeout_s(self) -> float | None:
        """Longest run time of one attempt, in seconds."""

    @property
    def time_limits(self) -> tuple[tuple[str, float], ...]:
        """Groups around it that have a longest time, from their beginning: (path, seconds)."""

    @property
    def key_parts(self) -> Mapping[str, str] | None:
        """What the cache key is made of, by name (each a short text or a digest); None where the task is not to be cached."""

    @property
    def definition(self) -> str:
        """What stands for all that decides its result, whether that is cached or not, and wherever it runs; a digest."""

    @property
    def unhashed(self) -> frozenset[str]:
        """URIs of input artifacts that lie outside, and whose content is to be known before there is a key."""

    def with_digests(self, contents: Mapping[str, str]) -> Work:
        """The same work, where the content of these URIs is known."""

    def job(self, place: Place, task: str, attempt: int) -> Job:
        """The job of one attempt."""

    def collect(self, place: Place, task: str, attempt: int, exit: Exit) -> tuple[Exit, Outputs]:
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


Step = Ready | Opened | Settled | Ended


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

    def begin(self) -> list[Step]:
        """The first steps. Called once."""

    def ended(self, task: str, outcome: Outcome) -> list[Step]:
        """What follows from the end of a task that was `Ready`."""

    def halt(self) -> list[Step]:
        """Give no new tasks but those that run whatever happened (exit handlers); what waits is settled as skipped."""
