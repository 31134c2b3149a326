"""KFP v2 IR: reading, checking, writing. A pipeline has no other form inside kflite.

May live here: what knows the format's fields. Imports values and errors only; protobuf is loaded when a message is needed.
"""

from kflite.ir.pipeline import Pipeline

__all__ = ["Pipeline"]
