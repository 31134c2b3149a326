"""What a run asks its scheduler to do once the events before it are stored."""

from __future__ import annotations

from collections.abc import Callable

from kflite.core.frozen import dataclass
from kflite.core.value import Value


@dataclass(frozen=True, slots=True)
class Enqueue:
    """After `delay_s`, look the task up in the cache, and start it when there is room."""

    task: str
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Reattach:
    """Follow the attempt that `ref` names. With ref "", start it again; an executor finds an attempt that was started before."""

    task: str
    ref: str


@dataclass(frozen=True, slots=True)
class StopAttempt:
    """End an attempt within `grace_s` seconds."""

    task: str
    grace_s: float


@dataclass(frozen=True, slots=True)
class FetchDigests:
    """Read the digests at these URIs, and ask the executor what else decides the task's result, before the task is queued."""

    task: str
    uris: frozenset[str]


@dataclass(frozen=True, slots=True)
class Expire:
    """Tell the run at `at` (Unix seconds) that the time limit of a group has passed; group "" is the run itself."""

    group: str
    at: float


@dataclass(frozen=True, slots=True)
class AnswerQuestion:
    """Answer a question of the plan, in a thread."""

    id: str
    question: Callable[[], Value]


Action = Enqueue | Reattach | StopAttempt | FetchDigests | Expire | AnswerQuestion
