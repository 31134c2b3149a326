"""One run of the executors' contract per executor."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from contract.jobs import Jobs
from contract.subjects import SUBJECTS, Subject

from kflite.executors.base import Executor


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(*names): what an executor must do, of `Subject.does`, for this test")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `subject` runs on each executor that does what its `needs` marks name."""
    if "subject" in metafunc.fixturenames:
        wanted = {name for mark in metafunc.definition.iter_markers("needs") for name in mark.args}
        able = [subject for subject in SUBJECTS if wanted <= subject.does]
        metafunc.parametrize("subject", able, ids=[subject.name for subject in able])


@pytest.fixture
def jobs(subject: Subject, tmp_path: Path, request: pytest.FixtureRequest) -> Jobs:
    """Jobs for the executor; skips, with the reason, where the executor cannot run."""
    needs = {name for mark in request.node.iter_markers("needs") for name in mark.args}
    if subject.name == "process" and "mounts" in needs:
        request.getfixturevalue("namespaces")
    image = str(request.getfixturevalue(subject.needs)) if subject.needs else ""
    return Jobs(tmp_path, image)


@pytest.fixture
def make(subject: Subject, tmp_path: Path, jobs: Jobs) -> Callable[[], Executor]:
    """Makes executors that share what outlives them."""
    return lambda: subject.make(tmp_path / "home")


@pytest.fixture
async def executor(make: Callable[[], Executor]) -> AsyncIterator[Executor]:
    """An executor in its context."""
    async with make() as executor:
        yield executor
