"""Tasks on a cluster beside a plain loop that creates the same pods: rate, memory, CPU and requests a task.

    KUBECONFIG=... python benchmarks/cluster.py [TASKS]

The cluster needs nodes that only simulate (`cluster simulate 20` makes them), so that it is the control plane that is measured.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kubernetes import client, config

from kflite.executors.kubernetes import KubernetesExecutor, Settings, manifest
from kflite.executors.kubernetes.container import Order
from kflite.job import Exit, Job, Resources, Role

NAMESPACE = f"kflite-benchmark-{os.getpid()}"
THREADS = 8
LIMITS = {"rate": 0.8, "MiB": 300.0, "requests": 5.0, "cores": 0.5}
SIMULATED: dict[str, Any] = {"nodeSelector": {"type": "simulated"}, "tolerations": [{"operator": "Exists"}]}


def job(number: int, folder: Path, run: str) -> Job:
    role = Role("none", ("true",), request=Resources(0.1), settings=SIMULATED)
    return Job(f"{run}/t{number}", 1, (role,), folder / run / str(number))


@contextmanager
def namespace(api: client.CoreV1Api) -> Iterator[None]:
    api.create_namespace({"metadata": {"name": NAMESPACE}})
    while not api.list_namespaced_service_account(NAMESPACE).items:
        time.sleep(0.1)
    try:
        yield
    finally:
        api.delete_namespace(NAMESPACE)


def plain(api: client.CoreV1Api, tasks: int, folder: Path) -> float:
    """Pods a second, from the creation of the first to the end of the last, created in threads."""
    owner = api.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": "plain"}}).metadata.uid
    bodies = []
    for number in range(tasks):
        made = job(number, folder, "plain")
        body: Any = manifest.pod(made, made.replicas[0], Order(owner), Settings())
        body["metadata"]["ownerReferences"][0]["name"] = "plain"
        bodies.append(body)
    ended, done = set(), threading.Event()

    def watch() -> None:
        from kubernetes import watch

        for event in watch.Watch().stream(api.list_namespaced_pod, NAMESPACE, timeout_seconds=600):
            if event["object"].status.phase == "Succeeded":
                ended.add(event["object"].metadata.name)
            if len(ended) == tasks:
                done.set()
                return

    threading.Thread(target=watch, daemon=True).start()
    began = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda body: api.create_namespaced_pod(NAMESPACE, body), bodies))
    created = time.perf_counter() - began
    done.wait(600)
    rate = tasks / (time.perf_counter() - began)
    print(f"plain loop, {THREADS} threads: {tasks / created:.0f} created and {rate:.0f} ended a second")
    api.delete_namespaced_config_map("plain", NAMESPACE)
    api.delete_collection_namespaced_pod(NAMESPACE, grace_period_seconds=0)
    while api.list_namespaced_pod(NAMESPACE, limit=1).items:
        time.sleep(0.2)
    return rate


async def ours(tasks: int, folder: Path) -> dict[str, float]:
    """What the same pods cost as jobs of our executor."""
    async with KubernetesExecutor(Settings(namespace=NAMESPACE)) as executor:
        before = executor.requests

        async def run(number: int) -> Exit:
            return await executor.wait(await executor.start(job(number, folder, "ours")))

        cpu, began = time.process_time(), time.perf_counter()
        ends = await asyncio.gather(*map(run, range(tasks)))
        wall = time.perf_counter() - began
        assert all(exit == Exit(0) for exit in ends), next(exit for exit in ends if exit != Exit(0))
        used = time.process_time() - cpu
    return {
        "rate": tasks / wall,
        "MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "requests": (executor.requests - before) / tasks,
        "cores": used / wall,
    }


def main(tasks: int) -> int:
    config.load_kube_config()
    api = client.CoreV1Api()
    with namespace(api), tempfile.TemporaryDirectory() as folder:
        plain(api, tasks // 4, Path(folder))  # the first pods of a cluster are slow ones
        rate = plain(api, tasks, Path(folder))
        found = asyncio.run(ours(tasks, Path(folder)))
    print(f"kflite: {found['rate']:.0f} ended a second")
    found["rate"] /= rate
    good = {key: value >= LIMITS[key] if key == "rate" else value <= LIMITS[key] for key, value in found.items()}
    for key, value in found.items():
        print(f"{key:10} {value:8.2f}   limit {LIMITS[key]:g}   {'ok' if good[key] else 'MISSED'}")
    return 0 if all(good.values()) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
