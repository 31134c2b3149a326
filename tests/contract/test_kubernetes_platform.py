"""What a task asks of Kubernetes itself: volumes, secrets, placement, all as the cluster takes them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from contract.jobs import Jobs
from contract.kube import PATIENCE_S, Space, kubectl

from kflite.executors.kubernetes import KubernetesExecutor
from kflite.job import Claim, Exit, Job, Mount, Resources, Source

pytestmark = pytest.mark.anyio

EVERYTHING: dict[str, Any] = {
    "nodeSelector": {"kubernetes.io/os": "linux"},
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
    return await asyncio.wait_for(executor.wait(await executor.start(job)), PATIENCE_S)


async def test_every_setting_reaches_a_task_that_runs(space: Space, jobs: Jobs) -> None:
    space.kubectl("create", "secret", "generic", "keys", "--from-literal=token=hidden")
    space.kubectl("create", "configmap", "model", "--from-literal=depth=3")
    text = """
import os, shutil
print(open("/s/token").read(), open("/c/depth").read(), os.listdir("/e"), [n for n in os.listdir("/none") if n[0] != "."])
print(os.environ["TEAM"], os.environ["WHERE"] == os.environ["SPACE"], os.getuid(), shutil.disk_usage("/dev/shm").total >> 20)
"""
    role = replace(
        jobs.code(text),
        env={"SPACE": space.name},
        mounts=(
            Mount("/s", Source.SECRET, "keys"),
            Mount("/c", Source.CONFIG_MAP, "model"),
            Mount("/e", Source.EMPTY, "e", options={"medium": "Memory", "sizeLimit": "1000000"}),
            Mount("/none", Source.SECRET, "none", optional=True),
        ),
        facts=(("TEAM", "metadata.labels['team']"), ("WHERE", "metadata.namespace")),
        request=Resources(0.1, 32 << 20),
        limit=Resources(0.5, 256 << 20),
        settings=EVERYTHING,
    )
    job = jobs.job(role)
    async with space.executor() as executor:
        assert await run(executor, job) == Exit(0)
    assert (job.folder / "log").read_text() == "hidden 3 [] []\nblue True 1000 64\n"


async def test_a_volume_is_claimed_kept_between_tasks_and_given_back(space: Space, jobs: Jobs, tmp_path: Path) -> None:
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": space.name},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "hostPath": {"path": str(tmp_path / "volume"), "type": "DirectoryOrCreate"},
            "storageClassName": space.name,
        },
    }
    kubectl("create", "-f", "-", given=json.dumps(volume))
    claim = Claim("data", options={"size": "1Gi", "accessModes": ["ReadWriteOnce"], "storageClassName": space.name})
    mounts = (Mount("/data", Source.VOLUME, "data", "part"),)

    def settling(claim: Claim, task: str) -> Job:
        return replace(jobs.job(task=task), roles=(), claim=claim)

    try:
        async with space.executor() as executor:
            assert [await run(executor, settling(claim, task)) for task in ("make", "again")] == [Exit(0), Exit(0)]
            for task, text in (("write", "open('/data/x', 'w').write('kept')"), ("read", "print(open('/data/x').read())")):
                assert await run(executor, jobs.job(replace(jobs.code(text), mounts=mounts), task=task)) == Exit(0)
            assert [await run(executor, settling(Claim("data", True), task)) for task in ("end", "end2")] == [Exit(0), Exit(0)]
        assert (jobs.job(jobs.code(""), task="read").folder / "log").read_text() == "kept\n"
    finally:
        kubectl("delete", "persistentvolume", space.name, "--wait=false")
