"""For tests of what is built on kflite: an executor that ends jobs, and a store that fails, as a script says.

Lives here: public fakes of kflite's seams. They depend on the seams only, and keep to the contracts that the real ones keep to.
"""

from kflite.testing.executor import FakeExecutor, FakeRun, FakeWorld
from kflite.testing.faults import Crash, Fault, Faults, FaultyStore, drawn, scripted

__all__ = ["Crash", "FakeExecutor", "FakeRun", "FakeWorld", "Fault", "Faults", "FaultyStore", "drawn", "scripted"]
