"""A plan's open questions, and stored answers whose questions have not been asked again."""

from __future__ import annotations

from collections.abc import Iterator

from kflite.core import plan
from kflite.core.run_event import RunAnswered
from kflite.scheduler.action import AnswerQuestion


class Questions:
    """Matches stored answers with questions, in whichever order a replayed plan asks."""

    def __init__(self) -> None:
        self._open: dict[str, plan.Ask] = {}
        self._known: dict[str, plan.Answer] = {}

    def ask(self, step: plan.Ask) -> plan.Answer | None:
        """Open a question; returns its stored answer, if there is one."""
        if step.id in self._known:
            return self._known.pop(step.id)
        self._open[step.id] = step
        return None

    def replay(self, stored: RunAnswered) -> plan.Answer | None:
        """Take a stored answer; returns it if the plan waits for it, else keeps it until the plan asks."""
        answer = plan.Answer(stored.answer, stored.error)
        if self._open.pop(stored.id, None):
            return answer
        self._known[stored.id] = answer
        return None

    def close(self, id: str) -> bool:
        """Close an answered question; returns whether the plan waits for it."""
        return self._open.pop(id, None) is not None

    def actions(self) -> Iterator[AnswerQuestion]:
        """The actions that answer all open questions."""
        return (AnswerQuestion(step.id, step.question) for step in self._open.values())

    def drop(self) -> None:
        """Close all questions."""
        self._open.clear()
