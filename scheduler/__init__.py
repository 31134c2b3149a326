"""The scheduler: the machine (a table), the state of a run, and the loop that stores, applies, acts and tells.

It knows plans, executors and the store by their protocols only. Only the client imports this package.
"""

from kflite.scheduler.loop import Scheduler
from kflite.scheduler.submission import Submission
from kflite.scheduler.world import World

__all__ = ["Scheduler", "Submission", "World"]
