"""Deadlines: when the time of a run, or of a group in it, is up."""

from __future__ import annotations

from collections.abc import Callable

from kflite.core.plan import Opened, Policy
from kflite.scheduler.action import Expire
from kflite.scheduler.ledger import Ledger

# An attempt that was found gets so many seconds to tell that it has long ended, before its deadline counts.
FOUND_S = 1.0


class Deadlines:
    """Time counts from a group's beginning, or from when its run last began: what was suspended is not late for that."""

    def __init__(self, ledger: Ledger, clock: Callable[[], float]) -> None:
        self._ledger, self._clock = ledger, clock

    def of_run(self, seconds: float | None, found: bool) -> list[Expire]:
        """The run begins. found: it was taken over, and what has ended is still to be heard."""
        return self._expiry("", self._ledger.began, seconds, found)

    def of_group(self, step: Opened, found: bool) -> list[Expire]:
        """A group begins."""
        return self._expiry(step.task, self._began(step.task), step.timeout_s, found)

    def overdue(self, policy: Policy, delay_s: float = 0.0) -> str:
        """The group around a task whose time is up, or will be after the delay; "" for none."""
        at = self._clock() + delay_s
        return next((group for group, seconds in policy.time_limits if self._began(group) + seconds <= at), "")

    def _began(self, group: str) -> float:
        return max(self._ledger.tasks[group].started or 0.0, self._ledger.began)

    def _expiry(self, group: str, since: float, seconds: float | None, found: bool) -> list[Expire]:
        if not seconds:
            return []
        at = since + seconds
        return [Expire(group, max(at, self._clock() + FOUND_S) if found else at)]
