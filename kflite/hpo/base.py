"""The seam to search algorithms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from kflite.core.frozen import dataclass
from kflite.core.value import Value
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
