"""The protocol of search algorithms, and their registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from kflite.core.value import Value
from kflite.errors import InputError
from kflite.space import Space


@dataclass(frozen=True, slots=True)
class Observation:
    """A trial's parameters and objective (lower is better; None while it runs, and if it failed)."""

    parameters: Mapping[str, Value]
    loss: float | None = None


class Algorithm(Protocol):
    """Proposes trials."""

    def propose(self, space: Space, history: Sequence[Observation], seed: int) -> dict[str, Value] | None:
        """The parameters of trial number `len(history)`; None when the space is exhausted."""


ALGORITHMS = ("random",)


def algorithm(name: str) -> Algorithm:
    """The algorithm of this name. Raises InputError."""
    if name == "random":
        from kflite.hpo.random import RandomSearch

        return RandomSearch()
    raise InputError(f"there is no algorithm {name!r}: use one of {', '.join(ALGORITHMS)}")
