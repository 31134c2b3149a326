"""Ways to an API server: aiohttp as the executor uses it, the official client's asyncio part, and its plain one in threads.

    KUBECONFIG=... python benchmarks/clients.py [PODS [ROUNDS]]

Each, by turns and in a process of its own, creates pods on simulated nodes (`cluster simulate 20`), watches them to their end,
lists them all ten times and deletes them, 32 requests at a time. The asyncio part comes with newer releases than kfp allows.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import resource
import statistics
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from typing import Any

AT_ONCE = 32
LISTS = 10
SPACE = f"kflite-benchmark-{os.getpid()}"
Figures = dict[str, float]


def pod(number: int) -> dict[str, Any]:
    requests = {"cpu": "100m", "memory": "32Mi"}
    env = [{"name": f"VARIABLE_{each}", "value": "a text of some length, as tasks have them"} for each in range(20)]
    main = {"name": "main", "image": "none", "command": ["true"], "env": env, "resources": {"requests": requests}}
    placed = {"nodeSelector": {"type": "simulated"}, "tolerations": [{"operator": "Exists"}]}
    about = {"name": f"pod-{number}", "labels": {"app.kubernetes.io/managed-by": "kflite"}}
    return {"metadata": about, "spec": {"restartPolicy": "Never", "containers": [main], **placed}}


class Clock:
    """Times the parts of a turn, in seconds of wall and CPU time."""

    def __init__(self) -> None:
        self.found: Figures = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.found[f"{name} s"] = time.perf_counter() - wall
        self.found[f"{name} cpu"] = time.process_time() - cpu

    def figures(self) -> Figures:
        cpu = sum(value for name, value in self.found.items() if name.endswith(" cpu"))
        return self.found | {"cpu": cpu, "MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


async def in_loop(
    clock: Clock,
    pods: int,
    create: Callable[[dict[str, Any]], Awaitable[object]],
    ends: Callable[[], Awaitable[None]],
    everything: Callable[[], Awaitable[int]],
    delete: Callable[[str], Awaitable[object]],
) -> None:
    """The parts, by coroutines."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(call: Awaitable[object]) -> None:
        async with gate:
            await call

    with clock.part("create"):
        watching = asyncio.create_task(ends())
        await asyncio.gather(*(one(create(pod(number))) for number in range(pods)))
    with clock.part("watch"):
        await watching
    with clock.part("list"):
        for _ in range(LISTS):
            assert await everything() == pods
    with clock.part("delete"):
        await asyncio.gather(*(one(delete(f"pod-{number}")) for number in range(pods)))


def ours(space: str, pods: int) -> Figures:
    clock = Clock()
    with clock.part("import"):
        from kflite.executors.kubernetes.access import access
        from kflite.executors.kubernetes.api import Api
        from kflite.executors.kubernetes.pod_watch import PodWatch

        access("", space)  # what it needs of the official client is imported by now, and aiohttp with it
        importlib.import_module("aiohttp")

    async def turn() -> None:
        async with Api(partial(access, "", space), 60.0) as api:
            watch = PodWatch(api)
            names = [f"pod-{number}" for number in range(pods)]

            async def ends() -> None:
                await watch.connected()
                for name in names:
                    while not (seen := watch.known(name)) or not seen.ended:
                        await watch.change(name, seen)

            async def everything() -> int:
                found = await api.call("GET", api.path("pods"))
                return len(found["items"])  # type: ignore[index, arg-type]

            create, delete = partial(api.call, "POST", api.path("pods")), lambda name: api.call("DELETE", api.path("pods", name))
            await in_loop(clock, pods, create, ends, everything, delete)
            await watch.close()

    asyncio.run(turn())
    return clock.figures()


def aio(space: str, pods: int) -> Figures:
    clock = Clock()
    with clock.part("import"):
        from kubernetes.aio import client, config, watch

    async def turn() -> None:
        await config.load_kube_config()
        async with client.ApiClient() as connection:
            api = client.CoreV1Api(connection)

            async def ends() -> None:
                ended: set[str] = set()
                async with watch.PodWatch().stream(api.list_namespaced_pod, space) as events:
                    async for event in events:
                        if event["object"].status.phase == "Succeeded":
                            ended.add(event["object"].metadata.name)
                        if len(ended) == pods:
                            return

            async def everything() -> int:
                return len((await api.list_namespaced_pod(space)).items)

            create, delete = partial(api.create_namespaced_pod, space), lambda name: api.delete_namespaced_pod(name, space)
            await in_loop(clock, pods, create, ends, everything, delete)

    asyncio.run(turn())
    return clock.figures()


def threads(space: str, pods: int) -> Figures:
    clock = Clock()
    with clock.part("import"):
        from kubernetes import client, config, watch
    config.load_kube_config()
    configuration = client.Configuration.get_default_copy()
    configuration.connection_pool_maxsize = AT_ONCE + 1
    api, ended, done = client.CoreV1Api(client.ApiClient(configuration)), set[str](), threading.Event()

    def ends() -> None:
        for event in watch.PodWatch().stream(api.list_namespaced_pod, space):
            if event["object"].status.phase == "Succeeded":
                ended.add(event["object"].metadata.name)
            if len(ended) == pods:
                break
        done.set()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        with clock.part("create"):
            threading.Thread(target=ends, daemon=True).start()
            list(pool.map(lambda number: api.create_namespaced_pod(space, pod(number)), range(pods)))
        with clock.part("watch"):
            done.wait(600)
        with clock.part("list"):
            for _ in range(LISTS):
                assert len(api.list_namespaced_pod(space).items) == pods
        with clock.part("delete"):
            list(pool.map(lambda number: api.delete_namespaced_pod(f"pod-{number}", space), range(pods)))
    return clock.figures()


@contextmanager
def namespace(name: str) -> Iterator[str]:
    from kubernetes import client, config

    config.load_kube_config()
    api = client.CoreV1Api()
    api.create_namespace({"metadata": {"name": name}})
    while not api.list_namespaced_service_account(name).items:
        time.sleep(0.1)
    try:
        yield name
        while api.list_namespaced_pod(name, limit=1).items:
            time.sleep(0.2)
    finally:
        api.delete_namespace(name)


def main(pods: int, rounds: int) -> None:
    ways = [ours, threads, *([aio] if importlib.util.find_spec("kubernetes.aio") else [])]
    found: dict[str, list[Figures]] = {way.__name__: [] for way in ways}
    for number in range(rounds):
        for way in ways[number % len(ways) :] + ways[: number % len(ways)]:
            with namespace(f"{SPACE}-{way.__name__}-{number}") as space, ProcessPoolExecutor(1, get_context("spawn")) as pool:
                found[way.__name__].append(pool.submit(way, space, pods).result())
    print(f"{pods} pods, medians of {rounds} rounds by turns; load {os.getloadavg()[0]:.1f}")
    for name, figures in found.items():
        of = {key: statistics.median(each[key] for each in figures) for key in figures[0]}
        print(f"{name:8}" + "  ".join(f"{key} {value:.2f}" for key, value in of.items()))


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*given, *(1000, 3)[len(given) :])
