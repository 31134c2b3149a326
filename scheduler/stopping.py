"""Whether and how a run stops: for good with a verdict, at once, or suspended until it is resumed."""

from __future__ import annotations

from dataclasses import dataclass

from kflite.core.event_kind import State
from kflite.core.run_event import RunStopping
from kflite.scheduler.record import TaskState

# A stopped task gets so many seconds to end, as on Kubernetes.
GRACE_S = 30.0


@dataclass(slots=True)
class Stopping:
    """reason: why the run stops for good, "" while it goes on; verdict: the state that it then ends in, None for the plan's own.

    killed: no task is spared or gets time to end; suspending: why the run is being suspended, "" where it is not;
    first_failure: the task that failed first, where the run stops at a failure.
    """

    reason: str = ""
    verdict: State | None = None
    killed: bool = False
    suspending: str = ""
    first_failure: str = ""

    def stop(self, data: RunStopping) -> None:
        """Stop the run for good."""
        self.reason, self.verdict, self.suspending = data.reason, data.state, ""

    def spares(self, record: TaskState) -> bool:
        """Whether a task goes on when the run stops."""
        return record.always_run and not self.killed

    @property
    def grace_s(self) -> float:
        """Seconds that a stopped task gets to end."""
        return 0.0 if self.killed else GRACE_S
