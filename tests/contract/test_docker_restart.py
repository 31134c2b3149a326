"""A Docker daemon that goes away while containers run: one of the test's own, which may be killed without hurting anybody."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest
from contract.jobs import Jobs
from contract.probes import PATIENCE_S, there

from kflite.core.job import Exit, Job
from kflite.executors.base import ended
from kflite.executors.docker import DockerExecutor, DockerOptions

pytestmark = pytest.mark.anyio
LACKS = "" if os.geteuid() == 0 and shutil.which("dockerd") and shutil.which("unshare") else "needs root, dockerd and unshare"


class PrivateDaemon:
    """A dockerd with folders, a socket and a network of its own."""

    def __init__(self, root: Path) -> None:
        self.root, self.address = root, f"unix://{root}/sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        # Its containerd ends with it, but may still be there as a zombie, which dockerd takes for a living one.
        (self.root / "exec" / "containerd" / "containerd.pid").unlink(missing_ok=True)
        # In our network it would take the other daemon's bridge away, and its mounts would outlive it here.
        command = [
            "unshare",
            "--net",
            "--mount",
            "dockerd",
            "--data-root",
            f"{self.root}/data",
            "--exec-root",
            f"{self.root}/exec",
        ]
        command += ["--pidfile", f"{self.root}/pid", "--host", self.address, "--bridge=none", "--iptables=false"]
        with (self.root / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                docker.DockerClient(self.address).close()
            except docker.errors.DockerException:
                time.sleep(0.05)
            else:
                return
        raise AssertionError((self.root / "log").read_text()[-2000:])

    def end(self, number: int) -> None:
        """Send it a signal, and wait until it is gone; what it runs may live on."""
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(PATIENCE_S)

    def end_with_containers(self) -> None:
        """As if the machine had lost power: it, its containerd and all that they run are killed."""
        self.end(signal.SIGKILL)
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if f"{self.root}/exec/".encode() in command:
                os.kill(int(folder.name), signal.SIGKILL)


@pytest.fixture(scope="module")
def _loaded(docker_image: str) -> Iterator[PrivateDaemon]:
    if LACKS:
        pytest.skip(LACKS)
    root = Path(tempfile.mkdtemp(prefix="kflite-dockerd-", dir="/tmp"))  # a socket's path has room for some 100 characters
    daemon = PrivateDaemon(root)
    daemon.start()
    try:
        with closing(docker.from_env()) as ours, closing(docker.DockerClient(daemon.address)) as client:
            client.images.load(b"".join(ours.images.get(docker_image).save(named=True)))
        yield daemon
    finally:
        with closing(docker.DockerClient(daemon.address)) as client:
            for box in client.containers.list(all=True):
                box.remove(force=True)
        daemon.end(signal.SIGTERM)
        shutil.rmtree(root)


@pytest.fixture
def daemon(_loaded: PrivateDaemon) -> Iterator[PrivateDaemon]:
    """The daemon, running; and running again after the test."""
    yield _loaded
    assert _loaded._process is not None
    if _loaded._process.poll() is not None:
        _loaded.start()


@pytest.fixture
async def executor(daemon: PrivateDaemon) -> AsyncIterator[DockerExecutor]:
    async with DockerExecutor(DockerOptions(address=daemon.address, reconnect_s=PATIENCE_S)) as executor:
        yield executor


@pytest.fixture
def jobs(docker_image: str, tmp_path: Path) -> Jobs:
    return Jobs(tmp_path, docker_image)


async def started(executor: DockerExecutor, jobs: Jobs, job: Job) -> str:
    ref = await executor.start(job)
    await there(jobs.out("ready"))
    return ref


async def wait(executor: DockerExecutor, ref: str) -> Exit:
    return await asyncio.wait_for(ended(executor, ref), PATIENCE_S)


async def containers(daemon: PrivateDaemon) -> list[str]:
    with closing(docker.DockerClient(daemon.address)) as client:
        return [box.name for box in client.containers.list(all=True)]


async def test_containers_that_a_restart_ended_are_lost_to_it(
    daemon: PrivateDaemon, executor: DockerExecutor, jobs: Jobs
) -> None:
    ref = await started(executor, jobs, jobs.sleeping())
    await asyncio.to_thread(daemon.end, signal.SIGTERM)
    await asyncio.to_thread(daemon.start)
    exit = await wait(executor, ref)
    assert (exit.code, exit.reason, exit.lost) == (-1, "DaemonRestarted", True)
    assert await containers(daemon) == []


async def test_a_loss_of_power_is_told_as_one(daemon: PrivateDaemon, executor: DockerExecutor, jobs: Jobs) -> None:
    ref = await started(executor, jobs, jobs.sleeping())
    await asyncio.to_thread(daemon.end_with_containers)
    await asyncio.to_thread(daemon.start)
    exit = await wait(executor, ref)
    assert exit.lost
    assert exit.code != 0
    assert await containers(daemon) == []


async def test_an_end_that_came_while_the_daemon_was_away_keeps_its_status(
    daemon: PrivateDaemon, executor: DockerExecutor, jobs: Jobs
) -> None:
    ready, go, done = (jobs.quoted(name) for name in ("ready", "go", "done"))
    script = f"touch {ready}; while [ ! -e {go} ]; do sleep 0.01; done; touch {done}; exit 7"
    ref = await started(executor, jobs, jobs.shell(script))
    await asyncio.to_thread(daemon.end, signal.SIGKILL)
    jobs.out("go").touch()
    await there(jobs.out("done"))
    await asyncio.to_thread(daemon.start)
    exit = await wait(executor, ref)
    assert (exit.code, exit.reason, exit.lost) == (7, "Error", False)


async def test_a_daemon_that_stays_away_makes_nobody_wait_for_ever(daemon: PrivateDaemon, jobs: Jobs) -> None:
    async with DockerExecutor(DockerOptions(address=daemon.address, reconnect_s=0.5)) as executor:
        ref = await started(executor, jobs, jobs.sleeping())
        await asyncio.to_thread(daemon.end, signal.SIGKILL)
        exit = await wait(executor, ref)
        assert (exit.code, exit.reason, exit.lost) == (-1, "Lost", True)
        assert "no Docker daemon at unix://" in exit.message
        await asyncio.to_thread(daemon.start)
        assert await wait(executor, await executor.start(jobs.ending(0, task="next"))) == Exit(0)
    assert await containers(daemon) == []


async def test_a_start_waits_for_a_daemon_that_comes_back(daemon: PrivateDaemon, executor: DockerExecutor, jobs: Jobs) -> None:
    await wait(executor, await executor.start(jobs.ending(0, task="first")))
    await asyncio.to_thread(daemon.end, signal.SIGTERM)
    starting = asyncio.create_task(executor.start(jobs.ending(3)))
    await asyncio.to_thread(daemon.start)
    assert (await wait(executor, await asyncio.wait_for(starting, PATIENCE_S))).code == 3
