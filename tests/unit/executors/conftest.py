"""A process executor over a folder of the test's own, and jobs for it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from contract.jobs import Jobs

from kflite.core.job import Resources
from kflite.executors.process import ProcessExecutor


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    return Jobs(tmp_path)


@pytest.fixture
def environments(tmp_path: Path) -> Path:
    return tmp_path / "environments"


@pytest.fixture
async def executor(environments: Path) -> AsyncIterator[ProcessExecutor]:
    async with ProcessExecutor(environments, sys.executable, Resources(4.0, 8 << 30, 0)) as executor:
        yield executor
