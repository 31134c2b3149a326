"""What the integration tests share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import kflite
from kflite.core.value import Value


@pytest.fixture(params=["inline", "process"])
def run_each(home: Path, request: pytest.FixtureRequest) -> Callable[..., kflite.Run]:
    """Runs a target in this very process, and as processes, each with a home of its own."""

    def run(target: object, **parameters: Value) -> kflite.Run:
        return kflite.run(target, parameters, on=request.param, progress=False)

    return run
