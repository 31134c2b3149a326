"""The seam to search algorithms, and their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from kflite.core.value import Value
from kflite.errors import InputError
from kflite.space import Space


@dataclass(frozen=True, slots=True)
class Observation:
    """A trial so far: its parameters, and its objective (lower is better), None while it runs or where it failed."""

    parameters: Mapping[str, Value]
    loss: float | None = None


class Algorithm(Protocol):
    """Proposes trials."""

    def propose(self, space: Space, history: Sequence[Observation], seed: int) -> dict[str, Value] | None:
        """Parameters of trial number `len(history)`; None when the space has nothing more to give."""


ALGORITHMS = ("random",)


def algorithm(name: str) -> Algorithm:
    """The algorithm of this name. Raises InputError."""
    if name == "random":
        from kflite.hpo.random import RandomSearch

        return RandomSearch()
    raise InputError(f"there is no algorithm {name!r}: use one of {', '.join(ALGORITHMS)}")
