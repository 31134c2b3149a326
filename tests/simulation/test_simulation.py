"""A thousand lives of a run. One seed decides every delay, failure and crash: a failing one is repeated by its number."""

from __future__ import annotations

from pathlib import Path

import pytest
from life import Life

SEEDS = 1000
BATCH = 50


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_every_life_of_a_run_ends_as_the_reference_says(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + BATCH):
        Life(seed, tmp_path / str(seed)).live()
