"""Search algorithms by their names."""

from __future__ import annotations

from kflite.errors import InputError
from kflite.hpo.base import Algorithm

ALGORITHMS = ("random",)


def algorithm(name: str) -> Algorithm:
    """The algorithm of this name. Raises InputError."""
    if name == "random":
        from kflite.hpo.random import RandomSearch

        return RandomSearch()
    raise InputError(f"there is no algorithm {name!r}: use one of {', '.join(ALGORITHMS)}")
