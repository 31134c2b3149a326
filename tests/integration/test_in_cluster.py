"""Schedulers that run in the cluster: what is submitted from here ends there, also when the one that has it is killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from contract.kube import PATIENCE_S, Space, namespace
from integration.cli import Cli, tasks
from machine import IMAGE as TEST_IMAGE
from machine import S3, STAGING_IMAGE

HOST = "10.244.0.1"  # this machine, as pods of the tests' own cluster see it
KEYS = {"AWS_ACCESS_KEY_ID": "kflite", "AWS_SECRET_ACCESS_KEY": "kflite-secret", "AWS_ENDPOINT_URL": S3}
SCHEDULERS = "app.kubernetes.io/name=kflite"
SLOW = """
from kflite import dsl


@dsl.component
def slow(n: int) -> int:
    import time

    time.sleep(8)
    return n + 1


@dsl.pipeline
def steps(n: int = 4) -> int:
    first = slow(n=n)
    return slow(n=first.output).output
"""

pytestmark = pytest.mark.skipif(not S3, reason="no S3 beside the cluster: tests/run names its own")


@pytest.fixture
def space(cluster_here: str) -> Iterator[Space]:
    with namespace(cluster_here) as space:
        yield space


@pytest.fixture
def store(postgres_url: str) -> Iterator[str]:
    """The database's URL as pods reach it."""
    address, _, rest = postgres_url.rpartition("@")[2].partition("/")
    port = int(address.partition(":")[2])
    with socket.socket() as listener:
        try:
            listener.bind((HOST, 0))
        except OSError:
            pytest.skip("the cluster's pods do not reach this machine")
        listener.listen()
        threading.Thread(target=serve, args=(listener, port), daemon=True).start()
        yield f"postgresql://kflite@{HOST}:{listener.getsockname()[1]}/{rest}"
        listener.shutdown(socket.SHUT_RDWR)


def serve(listener: socket.socket, port: int) -> None:
    with contextlib.suppress(OSError):
        while True:
            here, _ = listener.accept()
            there = socket.create_connection(("127.0.0.1", port))
            for source, target in ((here, there), (there, here)):
                threading.Thread(target=passed_on, args=(source, target), daemon=True).start()


def passed_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def cli(tmp_path: Path, store: str) -> Cli:
    """The command line on this machine: it knows the store and where artifacts lie, and runs nothing."""
    cli = Cli.at(tmp_path)
    shared = {"KFLITE_STORE": store, "KFLITE_ARTIFACTS": f"s3://kflite/{tmp_path.name}"}
    return replace(cli, environment={**cli.environment, **shared, **KEYS})


@pytest.fixture
def deployed(space: Space, cli: Cli) -> Space:
    """Two schedulers that serve the store."""
    told = {name: text for name, text in cli.environment.items() if name in ("KFLITE_STORE", "KFLITE_ARTIFACTS")} | KEYS
    for name, entries in (("kflite", told | {"KFLITE_IMAGES": f"python:*={TEST_IMAGE}"}), ("s3", KEYS)):
        space.kubectl("create", "secret", "generic", name, *(f"--from-literal={key}={text}" for key, text in entries.items()))
    options = ("--secret", "kflite", "--storage-secret", "s3", "--replicas", "2")
    space.kubectl("apply", "-f", "-", given=cli("deploy", "--image", STAGING_IMAGE, "-n", space.name, *options))
    space.kubectl("rollout", "status", "deployment/kflite", f"--timeout={PATIENCE_S:.0f}s")
    return space


def test_a_run_ends_there_and_all_of_it_is_read_from_here(deployed: Space, cli: Cli) -> None:
    run = cli("run", "p.py:sound", "--on", "kubernetes", "--submit").strip()
    cli("watch", run)
    assert cli.json("show", run)["outputs"] == {"Output": 6}
    assert cli("logs", run, "double") == "doubling 3\n"
    (made,) = json.loads(cli("artifacts", "ls", run, "--json"))
    cli("artifacts", "get", str(made["id"]), str(cli.folder / "copy"))
    assert (cli.folder / "copy").read_text() == "x" * 6
    assert pods_of(deployed, run) == []


def test_another_scheduler_goes_on_where_one_is_killed(deployed: Space, cli: Cli) -> None:
    (cli.folder / "slow.py").write_text(SLOW)
    run = cli("run", "slow.py", "--on", "kubernetes", "--submit").strip()
    asyncio.run(running(deployed, run))
    deployed.kubectl("delete", "pod", owner_of(deployed, run), "--force", "--grace-period=0")
    cli("watch", run)
    shown = cli.json("show", run)
    assert (shown["state"], shown["outputs"]) == ("SUCCEEDED", {"Output": 6})
    assert [task["attempts"] for task in tasks(shown).values()] == [1, 1]
    assert pods_of(deployed, run) == []


async def running(space: Space, run: str) -> None:
    """Until the main container of the run's pod runs."""
    path = "jsonpath={.items[*].status.initContainerStatuses[?(@.name=='main')].state.running.startedAt}"
    async with asyncio.timeout(PATIENCE_S):
        while not await asyncio.to_thread(space.kubectl, "get", "pods", "-l", f"kflite.dev/run={run}", "-o", path):
            pass


def pods_of(space: Space, run: str) -> list[str]:
    return space.kubectl("get", "pods", "-l", f"kflite.dev/run={run}", "-o", "name").split()


def owner_of(space: Space, run: str) -> str:
    """The pod of the scheduler that says that it has taken the run up."""
    pods = space.kubectl("get", "pods", "-l", SCHEDULERS, "-o", "name").split()
    return next(pod for pod in pods if run in space.kubectl("logs", pod)).removeprefix("pod/")
