"""For tests of what is built on kflite: an executor that runs nothing and ends jobs as a script says.

Lives here: public fakes of kflite's seams. They depend on the seams only, and keep to the contracts that the real ones keep to.
"""

from kflite.testing.executor import FakeExecutor, FakeRun, FakeWorld

__all__ = ["FakeExecutor", "FakeRun", "FakeWorld"]
