"""Search algorithms: each proposes the next trial from the trials so far.

May live here: one module an algorithm, and numerical libraries, imported when an algorithm needs them. An algorithm is pure and
keeps no state: the same history and seed give the same proposal, so that a tuning goes on after a crash.
"""

from kflite.hpo.base import Algorithm, Observation
from kflite.hpo.registry import ALGORITHMS, algorithm

__all__ = ["ALGORITHMS", "Algorithm", "Observation", "algorithm"]
