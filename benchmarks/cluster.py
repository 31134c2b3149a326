"""Tasks on a cluster beside a plain loop that creates the same pods, by turns: rate, memory, CPU and requests a task.

    KUBECONFIG=... python benchmarks/cluster.py [TASKS [ROUNDS]]

The cluster needs nodes that only simulate (`cluster simulate 20` makes them), so that it is the control plane that is measured.
Each turn is a process of its own, which creates the pods twice: cold, with no connection made and nothing imported, then warm.
"""

from __future__ import annotations

import asyncio
import os
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from kubernetes import client, config, watch

from kflite.core.job import Exit, Job, Resources, Role
from kflite.executors.base import ended
from kflite.executors.kubernetes import KubernetesExecutor, KubernetesOptions, manifest
from kflite.executors.kubernetes.container import PodOrder

NAMESPACE = f"kflite-benchmark-{os.getpid()}"
THREADS = 8
LIMITS = {"rate": 0.8, "MiB": 300.0, "requests": 5.0, "cores": 0.5}
SIMULATED: dict[str, Any] = {"nodeSelector": {"type": "simulated"}, "tolerations": [{"operator": "Exists"}]}
Figures = list[dict[str, float]]  # cold, warm


def job(number: int, folder: Path, run: str) -> Job:
    role = Role("none", ("true",), request=Resources(0.1), settings=SIMULATED)
    return Job(f"{run}/t{number}", 1, (role,), folder / run / str(number))


@contextmanager
def namespace(api: client.CoreV1Api) -> Iterator[str]:
    name = f"{NAMESPACE}-{time.monotonic_ns()}"
    api.create_namespace({"metadata": {"name": name}})
    while not api.list_namespaced_service_account(name).items:
        time.sleep(0.1)
    try:
        yield name
        emptied(api, name)  # the next turn is not to wait for the end of this one's
    finally:
        api.delete_namespace(name)


def emptied(api: client.CoreV1Api, space: str) -> None:
    """Until there is no pod."""
    while api.list_namespaced_pod(space, limit=1).items:
        time.sleep(0.2)


def plain(api: client.CoreV1Api, space: str, tasks: int, run: str, folder: Path) -> dict[str, float]:
    """Pods created in threads: their rate from the creation of the first to the end of the last."""
    owner = api.create_namespaced_config_map(space, {"metadata": {"name": run}}).metadata.uid
    bodies = []
    for number in range(tasks):
        made = job(number, folder, run)
        body: Any = manifest.pod(made, made.replicas[0], PodOrder(owner), KubernetesOptions())
        body["metadata"]["ownerReferences"][0]["name"] = run
        bodies.append(body)
    ended, done = set(), threading.Event()

    def follow() -> None:
        while not done.is_set():  # the server may end a watch before its time
            for event in watch.Watch().stream(api.list_namespaced_pod, space, timeout_seconds=600):
                if event["object"].status.phase == "Succeeded":
                    ended.add(event["object"].metadata.name)
                if len(ended) == tasks:
                    return done.set()
        return None

    threading.Thread(target=follow, daemon=True).start()
    cpu, began = time.process_time(), time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda body: api.create_namespaced_pod(space, body), bodies))
    done.wait(600)
    wall = time.perf_counter() - began
    found = {"rate": tasks / wall, "cores": (time.process_time() - cpu) / wall}
    api.delete_namespaced_config_map(run, space)
    api.delete_collection_namespaced_pod(space, grace_period_seconds=0)
    emptied(api, space)
    return found | {"MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def loop(tasks: int) -> Figures:
    config.load_kube_config()
    api = client.CoreV1Api()
    with namespace(api) as space, tempfile.TemporaryDirectory() as folder:
        return [plain(api, space, tasks, run, Path(folder)) for run in ("cold", "warm")]


async def measured(executor: KubernetesExecutor, tasks: int, run: str, folder: Path) -> dict[str, float]:
    """What the same pods cost as jobs of our executor."""

    async def end(number: int) -> Exit:
        return await ended(executor, await executor.start(job(number, folder, run)))

    cpu, began = time.process_time(), time.perf_counter()
    ends = await asyncio.gather(*map(end, range(tasks)))
    wall, used = time.perf_counter() - began, time.process_time() - cpu
    assert all(exit == Exit(0) for exit in ends), next(exit for exit in ends if exit != Exit(0))
    return {
        "rate": tasks / wall,
        "cores": used / wall,
        "MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def ours(tasks: int) -> Figures:
    async def both(space: str, folder: Path) -> Figures:
        async with KubernetesExecutor(KubernetesOptions(namespace=space)) as executor:
            found = [await measured(executor, tasks, "cold", folder)]
            await asyncio.to_thread(emptied, api, space)
            found.append(await measured(executor, tasks, "warm", folder))
        return [each | {"requests": executor.requests / tasks / 2} for each in found]

    config.load_kube_config()
    api = client.CoreV1Api()
    with namespace(api) as space, tempfile.TemporaryDirectory() as folder:
        return asyncio.run(both(space, Path(folder)))


def turn(what: Callable[[int], Figures], tasks: int) -> Figures:
    """In a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        found = pool.submit(what, tasks).result()
    for when, figures in zip(("cold", "warm"), found, strict=True):
        said = "  ".join(f"{figures[key]:.2f} {key}" for key in sorted(figures))
        print(f"{what.__name__:5} {when}  {said}   load {os.getloadavg()[0]:.1f}", flush=True)
    return found


def main(tasks: int, rounds: int) -> int:
    turn(loop, tasks // 4)  # the first pods of a cluster are slow ones
    found: dict[Any, list[Figures]] = {ours: [], loop: []}
    for number in range(rounds):
        for what in (ours, loop)[:: 1 if number % 2 else -1]:
            found[what].append(turn(what, tasks))
    good = True
    for place, when in enumerate(("cold", "warm")):
        of = {key: statistics.median(each[place][key] for each in found[ours]) for key in LIMITS}
        of["rate"] /= statistics.median(each[place]["rate"] for each in found[loop])
        for key, value in of.items():
            kept = value >= LIMITS[key] if key == "rate" else value <= LIMITS[key]
            good &= kept
            print(f"{when}  {key:10} {value:8.2f}   limit {LIMITS[key]:g}   {'ok' if kept else 'MISSED'}")
    return 0 if good else 1


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*given, *(2000, 3)[len(given) :]))
