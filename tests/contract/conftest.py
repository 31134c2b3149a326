"""One run of the executors' contract per executor, and of the store's per store."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from contract.jobs import Jobs
from contract.kube import Space, Wire, namespace
from contract.stores import KINDS, url_of
from contract.subjects import NAMESPACE, SUBJECTS, Subject
from machine import IMAGE, KUBECONFIG

from kflite import store
from kflite.executors.base import Executor
from kflite.store import Database

PARTS = {"docker_image": pytest.mark.docker, "cluster": pytest.mark.kubernetes, "cluster_here": pytest.mark.kubernetes}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(*names): what an executor must do, of `Subject.does`, for this test")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `subject` runs on each executor that does what its `needs` marks name."""
    if "subject" in metafunc.fixturenames:
        wanted = {name for mark in metafunc.definition.iter_markers("needs") for name in mark.args}
        able = [each for each in SUBJECTS if wanted <= each.does and (not each.only or wanted & each.only)]
        metafunc.parametrize("subject", [pytest.param(each, id=each.name, marks=PARTS.get(each.needs, ())) for each in able])


@pytest.fixture
def jobs(subject: Subject, tmp_path: Path, request: pytest.FixtureRequest) -> Jobs:
    """Jobs for the executor; skips, with the reason, where the executor cannot run."""
    needs = {name for mark in request.node.iter_markers("needs") for name in mark.args}
    if subject.name == "process" and "mounts" in needs:
        request.getfixturevalue("namespaces")
    image = str(request.getfixturevalue(subject.needs)) if subject.needs else ""
    return Jobs(tmp_path, image)


@pytest.fixture(scope="session")
def _space() -> Iterator[None]:
    if not KUBECONFIG:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", KUBECONFIG)
        with namespace(IMAGE) as space:
            os.environ[NAMESPACE] = space.name
            yield


@pytest.fixture
def space(cluster: str) -> Iterator[Space]:
    """A namespace of the test's own."""
    with namespace(cluster) as space:
        yield space


@pytest.fixture
async def wire(cluster: str, tmp_path: Path) -> AsyncIterator[Wire]:
    """A way to the API server for those who take its kubeconfig, which can be cut."""
    async with Wire(tmp_path) as wire:
        yield wire


@pytest.fixture
def make(subject: Subject, tmp_path: Path, jobs: Jobs, request: pytest.FixtureRequest) -> Callable[[], Executor]:
    """Makes executors that share what outlives them."""
    if subject.name.startswith("kubernetes"):
        request.getfixturevalue("_space")
    return lambda: subject.make(tmp_path / "home")


@pytest.fixture
async def executor(make: Callable[[], Executor]) -> AsyncIterator[Executor]:
    """An executor in its context."""
    async with make() as executor:
        yield executor


@pytest.fixture(params=KINDS)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A fresh store of each kind."""
    opened = store.open(url_of(request.param, request, tmp_path))
    yield opened
    opened.close()
