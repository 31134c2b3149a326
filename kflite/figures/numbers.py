"""Numbers among the values that tasks logged or returned. Each run's progress needs them, so no figure is imported here."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from kflite.core.value import Artifact, Value
from kflite.format import clean, short

_FEW = 3  # numbers next to a task in a tree


def number(value: Value) -> float | None:
    """A number as a float; None for other values, and for numbers that are too large."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def summary(artifacts: Mapping[str, tuple[Artifact, ...]]) -> str:
    """The first of a task's metrics as text: `accuracy 0.9867  loss 0.12`."""
    metrics = (artifact.metadata for group in artifacts.values() for artifact in group if artifact.type.endswith(".Metrics"))
    numbers = (f"{name} {short(value)}" for each in metrics for name, value in each.items() if number(value) is not None)
    return clean("  ".join(islice(numbers, _FEW)))
