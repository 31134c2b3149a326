"""What a container costs on the Docker executor: python benchmarks/containers.py [CONTAINERS] [IMAGE]

By turns in one run: a container that does nothing by kflite, by `docker run`, and by the calls of the API that all must make.
Prints milliseconds a container (median), what kflite adds to the bare calls, and then a fan-out's wall time a container.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import docker

from kflite.core.job import Job, Role
from kflite.executors.base import ended
from kflite.executors.docker import DockerExecutor


def job(root: Path, name: str, image: str) -> Job:
    """A job that does nothing."""
    return Job(f"bench/{name}", 1, (Role(image, ("true",)),), root / name, roots=(root,))


async def run(executor: DockerExecutor, job: Job) -> float:
    """Milliseconds from start to end."""
    began = time.perf_counter()
    exit = await ended(executor, await executor.start(job))
    assert exit.code == 0, exit
    return (time.perf_counter() - began) * 1000


def timed(call: Callable[[], object]) -> float:
    """Milliseconds of a call."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def bare(client: docker.APIClient, root: Path, image: str) -> None:
    """The calls that every way of running a container makes."""
    host = client.create_host_config(init=True, binds=[f"{root}:{root}"])
    container = client.create_container(image, ["true"], host_config=host)["Id"]
    client.start(container)
    client.wait(container)
    client.remove_container(container)


async def main(containers: int, image: str) -> None:
    client = docker.APIClient(version="auto")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        command = ["docker", "run", "--rm", "--init", "--volume", f"{root}:{root}", image, "true"]
        async with DockerExecutor() as executor:
            await run(executor, job(root, "first", image))
            ours, theirs, least = [], [], []
            for number in range(containers):
                ours.append(await run(executor, job(root, f"chain-{number}", image)))
                theirs.append(timed(lambda: subprocess.run(command, check=True)))
                least.append(timed(lambda: bare(client, root, image)))
            kflite, cli, api = map(statistics.median, (ours, theirs, least))
            print(f"one after another: kflite {kflite:.0f} ms, docker run {cli:.0f} ms, bare calls {api:.0f} ms")
            print(f"kflite adds {kflite - api:.0f} ms to the bare calls; {kflite / cli:.2f} of docker run")
            began = time.perf_counter()
            await asyncio.gather(*(run(executor, job(root, f"fan-{number}", image)) for number in range(containers)))
            print(f"all at once: {(time.perf_counter() - began) / containers * 1000:.0f} ms a container")


if __name__ == "__main__":
    asyncio.run(main(int((sys.argv[1:2] or ["20"])[0]), (sys.argv[2:3] or ["kflite-test/python:3.11"])[0]))
