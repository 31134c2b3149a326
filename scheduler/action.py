"""What a run asks its scheduler to do once the events before it are stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kflite.core.value import Value


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Look the task up in the cache, and start it when there is room; `delay_s` from now."""

    task: str
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Reattach:
    """Start an attempt again (it is found if it was started), or wait for the one that `ref` names."""

    task: str
    ref: str


@dataclass(frozen=True, slots=True)
class StopAttempt:
    """End an attempt, in `grace_s` seconds at most."""

    task: str
    grace_s: float


@dataclass(frozen=True, slots=True)
class FetchDigests:
    """Find out what the content at these URIs is now, and what else decides the task's result, before the task is queued."""

    task: str
    uris: frozenset[str]


@dataclass(frozen=True, slots=True)
class Expire:
    """Tell the run when the time of a group is up, of "" its own; at `at` in Unix seconds."""

    group: str
    at: float


@dataclass(frozen=True, slots=True)
class AnswerQuestion:
    """Answer a question of the plan, in a thread."""

    id: str
    question: Callable[[], Value]


Action = Enqueue | Reattach | StopAttempt | FetchDigests | Expire | AnswerQuestion
