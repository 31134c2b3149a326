"""What all tests share: a home of their own, the Docker image, a fresh PostgreSQL database."""

from __future__ import annotations

import os
import re
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from machine import IMAGE, IN_CI, KUBECONFIG, LEARNING_IMAGE, POSTGRES, RUN
from turnstile import inside

# Workers that saw their scheduler go may take this long to follow it.
GRACE_S = 3.0
PARTS = {"docker_image": "docker", "postgres_url": "postgres", "cluster": "kubernetes", "cluster_here": "kubernetes"}


_LEFTOVERS = pytest.StashKey[list[str]]()


def pytest_report_header() -> str:
    import kflite

    return f"kflite from {Path(kflite.__file__).parent}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the parts that their fixtures need, so that `-m "not docker"` leaves them out."""
    for item in items:
        for fixture, marker in PARTS.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(marker)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    from shares import Shares

    return Shares(config, log)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run whose tests all passed but left processes behind."""
    if hasattr(session.config, "workerinput"):
        return  # the process that shares the tests out looks, when all are done
    leftovers = _leftovers()
    deadline = time.monotonic() + GRACE_S
    while leftovers and time.monotonic() < deadline:
        time.sleep(0.05)
        leftovers = _leftovers()
    session.config.stash[_LEFTOVERS] = leftovers
    if leftovers and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    leftovers = config.stash.get(_LEFTOVERS, [])
    if leftovers:
        terminalreporter.section("processes left behind by tests", red=True)
    for line in leftovers:
        terminalreporter.write_line(line)


def _leftovers() -> list[str]:
    """Processes with this run's mark that are not this one or above it, as "pid command"; Linux only."""
    mark = f"KFLITE_TEST_RUN={RUN}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*") if RUN else ():
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if mark in environment and command and int(folder.name) != os.getpid():
            found.append(f"{folder.name} {command[:200]}")
    return found


def _missing(part: str) -> None:
    if IN_CI:
        pytest.fail(part, pytrace=False)
    pytest.skip(part)


@pytest.fixture(scope="session", autouse=True)
def _not_the_users_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test writes to the user's home, also one that asks for no home of its own."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        _clean(patch, folder)
        if os.path.expanduser("~") == "~":  # a user who is in no list, as in containers
            patch.setenv("HOME", str(folder))
        yield


@pytest.fixture(scope="session")
def namespaces() -> None:
    """Processes that may have mounts of their own; skips where the machine lets them have none."""
    import asyncio

    from kflite.executors.process.link import probe

    if sys.platform != "linux" or not asyncio.run(probe(sys.executable)):
        _missing("processes may have no mounts here: run as root, or with user namespaces")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh KFLITE_HOME (not made yet), with no other setting of kflite's in the environment or the user's files."""
    return _clean(monkeypatch, tmp_path)


def _clean(patch: pytest.MonkeyPatch, folder: Path) -> Path:
    for name in os.environ:
        if name.startswith("KFLITE_") and name != "KFLITE_TEST_RUN":
            patch.delenv(name)
    home = folder / "kflite-home"
    patch.setenv("KFLITE_HOME", str(home))
    patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    return home


@pytest.fixture
def anyio_backend() -> str:
    """Tests marked `anyio` run on asyncio, as kflite does."""
    return "asyncio"


@pytest.fixture(scope="session")
def docker_image() -> str:
    """The name of a local image with `sh` and `python3`; the daemon answers."""
    import docker
    from docker.errors import DockerException, ImageNotFound

    try:
        client = docker.from_env()
        client.images.get(IMAGE)
        client.close()
    except ImageNotFound:
        _missing(f"no image {IMAGE}: bash tests/run makes it")
    except DockerException as error:
        _missing(f"no Docker daemon: {error}")
    return IMAGE


@pytest.fixture(scope="session")
def learning_image(docker_image: str) -> str:
    """The name of a local image as `docker_image`, with scikit-learn."""
    if not LEARNING_IMAGE:
        _missing("no image with scikit-learn: bash tests/run makes it")
    return LEARNING_IMAGE


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of an image with `sh` and `python3` that the cluster's nodes have; KUBECONFIG leads to the cluster."""
    if not KUBECONFIG:
        pytest.skip("no Kubernetes cluster: name one's kubeconfig in KFLITE_TEST_KUBECONFIG")
    monkeypatch.setenv("KUBECONFIG", KUBECONFIG)
    with inside(Path(KUBECONFIG), alone=request.node.get_closest_marker("alone") is not None):
        yield IMAGE


@pytest.fixture
def cluster_here(cluster: str) -> str:
    """As `cluster`; its node is this machine."""
    if "https://127.0.0.1:" not in Path(KUBECONFIG).read_text():
        pytest.skip("the cluster's nodes are other machines")
    return cluster


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The URL of a server's database, which is left alone."""
    if not POSTGRES:
        _missing("no PostgreSQL: bash tests/run starts one, or set KFLITE_TEST_POSTGRES")
    return POSTGRES


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of a database that is empty, and gone after the test."""
    import psycopg
    from psycopg import sql

    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield re.sub(r"/[^/?]*(\?.*)?$", rf"/{name}\1", postgres_server)
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
