"""Random search (Bergstra and Bengio, 2012): each trial is drawn independently of all others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

from kflite.core.value import Value
from kflite.hpo.base import Observation
from kflite.space import Choice, Dimension, Double, Space


class RandomSearch:
    """Trial n is drawn from a generator of its own, seeded by the experiment's seed and n."""

    def propose(self, space: Space, history: Sequence[Observation], seed: int) -> dict[str, Value] | None:
        """Parameters of trial number `len(history)`."""
        random = Random(f"{seed}/{len(history)}")
        return {name: sample(dimension, random) for name, dimension in space.items()}


def sample(dimension: Dimension, random: Random) -> Value:
    """A value of the dimension."""
    if isinstance(dimension, Choice):
        return random.choice(dimension.values)
    if isinstance(dimension, Double):
        return _on_grid(_between(dimension.low, dimension.high, dimension.log, random), dimension)
    if dimension.log:
        # Half a unit on both sides, so that the ends are as likely as what lies between.
        drawn = round(_between(dimension.low - 0.5 if dimension.low > 1 else 0.5, dimension.high + 0.5, True, random))
        step, last = dimension.step, _last(dimension.low, dimension.high, dimension.step)
        return max(dimension.low, min(dimension.low + round((drawn - dimension.low) / step) * step, last))
    return random.randrange(dimension.low, dimension.high + 1, dimension.step)


def _between(low: float, high: float, log: bool, random: Random) -> float:
    if not log:
        return random.uniform(low, high)
    return min(max(math.exp(random.uniform(math.log(low), math.log(high))), low), high)


def _on_grid(value: float, dimension: Double) -> float:
    if dimension.step is None:
        return value
    most = math.floor((dimension.high - dimension.low) / dimension.step + 1e-9)
    # The product may round to a little more than the upper bound.
    return min(dimension.low + min(round((value - dimension.low) / dimension.step), most) * dimension.step, dimension.high)


def _last(low: int, high: int, step: int) -> int:
    return low + (high - low) // step * step
