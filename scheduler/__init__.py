"""The scheduler: the machine (a table), the state of a run, and the loop that stores, applies, acts and tells.

It knows plans, executors and the store by their protocols only. `runs` and all above import this package.
"""

from kflite.scheduler.deps import SchedulerDeps
from kflite.scheduler.loop import Scheduler
from kflite.scheduler.submission import Submission

__all__ = ["Scheduler", "SchedulerDeps", "Submission"]
