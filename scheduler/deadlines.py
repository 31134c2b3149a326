"""Time limits of a run and of its groups."""

from __future__ import annotations

from collections.abc import Callable

from kflite.core.plan import Opened, Policy
from kflite.scheduler.action import Expire
from kflite.scheduler.ledger import Ledger

# A reattached attempt may have ended long ago: it gets so many seconds to report that before its deadline counts.
REATTACHED_GRACE_S = 1.0


class Deadlines:
    """Time counts from the start of a group, or from the last start of its run: suspended time does not count."""

    def __init__(self, ledger: Ledger, clock: Callable[[], float]) -> None:
        self._ledger, self._clock = ledger, clock

    def of_run(self, seconds: float | None, reattached: bool) -> list[Expire]:
        """When the run expires. reattached: it was taken over, and exits are still to be heard."""
        return self._expiry("", self._ledger.began, seconds, reattached)

    def of_group(self, step: Opened, reattached: bool) -> list[Expire]:
        """When a group expires."""
        return self._expiry(step.task, self._began(step.task), step.timeout_s, reattached)

    def overdue(self, policy: Policy, delay_s: float = 0.0) -> str:
        """A group around the task that has expired, or will have after the delay; "" for none."""
        at = self._clock() + delay_s
        return next((group for group, seconds in policy.time_limits if self._began(group) + seconds <= at), "")

    def _began(self, group: str) -> float:
        return max(self._ledger.tasks[group].started or 0.0, self._ledger.began)

    def _expiry(self, group: str, began_at: float, seconds: float | None, reattached: bool) -> list[Expire]:
        if not seconds:
            return []
        at = began_at + seconds
        return [Expire(group, max(at, self._clock() + REATTACHED_GRACE_S) if reattached else at)]
