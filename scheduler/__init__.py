"""The scheduler: state tables, the decisions of one run, and the loop that stores events and then acts on them.

It knows plans, executors and the store by their protocols only. `runs` and the layers above it import this package.
"""

from kflite.scheduler.deps import SchedulerDeps
from kflite.scheduler.loop import Scheduler
from kflite.scheduler.submission import Submission

__all__ = ["Scheduler", "SchedulerDeps", "Submission"]
