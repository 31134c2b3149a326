"""KFP v2 IR, the only form of a pipeline inside kflite: reading, checking and writing.

Lives here: everything that knows the format's fields. Imports the core and errors; protobuf is imported when it is needed.
"""

from kflite.ir.pipeline import Pipeline

__all__ = ["Pipeline"]
