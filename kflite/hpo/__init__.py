"""Search algorithms: each proposes the next trial from the trials so far.

Lives here: one module for each algorithm; numerical libraries are imported when an algorithm needs them. Algorithms are pure and
stateless: the same history and seed give the same proposal, so that a search can continue after a crash.
"""

from kflite.hpo.algorithm import ALGORITHMS, Algorithm, Observation, algorithm

__all__ = ["ALGORITHMS", "Algorithm", "Observation", "algorithm"]
