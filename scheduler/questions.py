"""Questions of a plan: which are open, and which were answered before they were asked again."""

from __future__ import annotations

from collections.abc import Iterator

from kflite.core import plan
from kflite.core.run_event import RunAnswered
from kflite.scheduler.action import AnswerQuestion


class Questions:
    """An answer that is stored stays the answer to its question, in whichever order a replayed plan asks."""

    def __init__(self) -> None:
        self._open: dict[str, plan.Ask] = {}
        self._known: dict[str, plan.Answer] = {}

    def ask(self, step: plan.Ask) -> plan.Answer | None:
        """The plan asks; returns the answer where it is known."""
        if step.id in self._known:
            return self._known.pop(step.id)
        self._open[step.id] = step
        return None

    def replay(self, stored: RunAnswered) -> plan.Answer | None:
        """An answer was stored; returns it where the plan waits for it, else keeps it until the plan asks."""
        answer = plan.Answer(stored.answer, stored.error)
        if self._open.pop(stored.id, None):
            return answer
        self._known[stored.id] = answer
        return None

    def close(self, id: str) -> bool:
        """A question has its answer; returns whether the plan waits for it."""
        return self._open.pop(id, None) is not None

    def actions(self) -> Iterator[AnswerQuestion]:
        """What answers all that is open."""
        return (AnswerQuestion(step.id, step.question) for step in self._open.values())

    def drop(self) -> None:
        """The plan waits for no answer any more."""
        self._open.clear()
