"""Public fakes for tests of what is built on kflite: a scripted executor, and a store that fails on request.

The fakes keep the contracts of kflite's seams. No other package of kflite imports this one.
"""

from kflite.testing.executor import FakeBackend, FakeExecutor, FakeRun
from kflite.testing.faults import Crash, Fault, Faults, FaultyStore, drawn, scripted

__all__ = ["Crash", "FakeBackend", "FakeExecutor", "FakeRun", "Fault", "Faults", "FaultyStore", "drawn", "scripted"]
