"""What a task asks of Kubernetes itself: volumes, secrets, placement, all as the cluster takes them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from contract.jobs import Jobs
from contract.kube import PATIENCE_S, Space, kubectl, offered

from kflite.core.job import Exit, Job, Mount, MountSource, Resources
from kflite.executors.base import ended
from kflite.executors.kubernetes import KubernetesExecutor

pytestmark = pytest.mark.anyio

EVERYTHING: dict[str, Any] = {
    "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}],
    "nodeAffinity": [
        {"matchExpressions": [{"key": "kubernetes.io/os", "operator": "Exists"}]},
        {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}], "weight": 5},
    ],
    "podAffinity": [{"anti": True, "matchPodLabels": {"app": "x"}, "topologyKey": "kubernetes.io/hostname"}],
    "podMetadata": {"labels": {"team": "blue"}, "annotations": {"why": "to see"}},
    "imagePullSecret": ["registry"],
    "imagePullPolicy": "IfNotPresent",
    "securityContext": {"runAsUser": 1000, "runAsGroup": 1000},
    "enabledSharedMemory": {"size": str(64 << 20)},
}


@pytest.fixture
def jobs(tmp_path: Path, cluster: str) -> Jobs:
    return Jobs(tmp_path, cluster)


async def run(executor: KubernetesExecutor, job: Job) -> Exit:
    return await asyncio.wait_for(ended(executor, await executor.start(job)), PATIENCE_S)


LOOK = """
import os, shutil
print(open("/s/token").read(), open("/c/depth").read(), os.listdir("/e"), [n for n in os.listdir("/none") if n[0] != "."])
print(os.environ["TEAM"], os.environ["WHERE"] == os.environ["SPACE"], os.environ["ACCOUNT"], os.environ["NODE"])
print(os.getuid(), *(shutil.disk_usage(path).total >> 20 for path in ("/dev/shm", "/e")))
open("/own/made", "w").write("x")
"""


@contextmanager
def special_node(space: Space, gpus: int) -> Iterator[str]:
    """A node with a label and GPUs of its own, as a device plug-in would tell of them; none is there."""
    node = kubectl("get", "nodes", "-l", "type!=simulated", "-o", "jsonpath={.items[0].metadata.name}")
    gpu = f"/gpu.{space.name}~1card"

    def patch(*changes: dict[str, str]) -> None:
        kubectl("patch", "node", node, "--subresource=status", "--type=json", "-p", json.dumps(changes))

    kubectl("label", "node", node, f"{space.name}=here")
    patch(*({"op": "add", "path": f"/status/{each}{gpu}", "value": str(gpus)} for each in ("capacity", "allocatable")))
    try:
        yield node
    finally:
        kubectl("label", "node", node, f"{space.name}-")
        patch(*({"op": "remove", "path": f"/status/{each}{gpu}"} for each in ("capacity", "allocatable")))


@pytest.mark.usefixtures("cluster_here")
async def test_every_setting_reaches_a_task_that_runs(space: Space, jobs: Jobs, tmp_path: Path) -> None:
    space.kubectl("create", "secret", "generic", "keys", "--from-literal=token=hidden")
    space.kubectl("create", "configmap", "model", "--from-literal=depth=3")
    space.kubectl("create", "serviceaccount", "worker")
    own = {"accessModes": ["ReadWriteOnce"], "size": "1Gi", "storageClassName": space.name}
    role = replace(
        jobs.code(LOOK),
        env={"SPACE": space.name},
        mounts=(
            Mount("/s", MountSource.SECRET, "keys"),
            Mount("/c", MountSource.CONFIG_MAP, "model"),
            Mount("/e", MountSource.EMPTY, "e", options={"medium": "Memory", "sizeLimit": str(1 << 20)}),
            Mount("/none", MountSource.SECRET, "none", optional=True),
            Mount("/own", MountSource.EMPTY, "own", options=own),
        ),
        downward_api=(
            ("TEAM", "metadata.labels['team']"),
            ("WHERE", "metadata.namespace"),
            ("ACCOUNT", "spec.serviceAccountName"),
            ("NODE", "spec.nodeName"),
        ),
        request=Resources(0.1, 32 << 20, 1),
        limit=Resources(0.5, 256 << 20, 1),
        accelerator=f"gpu.{space.name}/card",
        settings=EVERYTHING | {"nodeSelector": {space.name: "here"}},
    )
    job = jobs.job(role)
    greedy = jobs.job(replace(role, mounts=(), request=Resources(gpus=3), limit=Resources(gpus=3)), task="greedy")
    (tmp_path / "volume").mkdir(mode=0o777)
    (tmp_path / "volume").chmod(0o777)
    kubectl("create", "priorityclass", space.name, "--value=1000")
    try:
        with special_node(space, gpus=2) as node, offered(space, tmp_path / "volume"):
            async with space.executor(service_account="worker", priority_class=space.name, pending_s=5.0) as executor:
                ends = await asyncio.gather(run(executor, job), run(executor, greedy))
    finally:
        kubectl("delete", "priorityclass", space.name)
    assert ends[0] == Exit(0), (job.folder / "log").read_text()
    assert (job.folder / "log").read_text() == f"hidden 3 [] []\nblue True worker {node}\n1000 64 1\n"
    assert (tmp_path / "volume" / "made").read_text() == "x"
    assert (ends[1].reason, f"Insufficient gpu.{space.name}/card" in ends[1].message) == ("Unschedulable", True)
    assert space.ours() == []


async def test_a_claim_that_gets_no_volume_is_told_at_once_and_fails_after_a_set_time(space: Space, jobs: Jobs) -> None:
    for name, of in (("classless", ""), ("strange", "no-such-class")):
        spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": of, "resources": {"requests": {"storage": "1Gi"}}}
        body = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}
        space.kubectl("create", "-f", "-", given=json.dumps(body))
    said = {
        "classless": ("VolumeUnbound", "PersistentVolumeClaim classless is not bound: no persistent volumes available"),
        "strange": (
            "VolumeUnbound",
            'PersistentVolumeClaim strange is not bound: storageclass.storage.k8s.io "no-such-class" not found',
        ),
        "missing": ("VolumeMissing", f"there is no PersistentVolumeClaim missing in {space.name}: create it"),
    }
    made = [jobs.job(replace(jobs.code(""), mounts=(Mount("/d", MountSource.VOLUME, name),)), task=name) for name in said]
    async with space.executor(pull_s=5.0) as executor:
        ends = await asyncio.gather(*(run(executor, job) for job in made))
    for job, exit, (reason, message) in zip(made, ends, said.values(), strict=True):
        assert exit.reason == reason
        assert exit.message.startswith(message)
        assert f"waiting: {reason}: {message}" in (job.folder / "log").read_text()
