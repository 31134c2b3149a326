"""From a job to the order for its zygote."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kflite.core.job import Job, Replica, Role
from kflite.errors import ExecutorError
from kflite.executors import attempt_folder, peers, secrets, serving
from kflite.executors.process.link import Link
from kflite.executors.process.message import ProcessMount, ReplicaOrder, StartMessage
from kflite.runtime.bootstrap import kfp_function

if TYPE_CHECKING:
    from kflite.executors.volumes import MountView, Volumes

HOST = "127.0.0.1"
# What nearly every replica is told; a zygote has it in its environment, so that its forks need not set it.
USUAL = peers.environments(Job("", 1, (Role(),), Path()), [HOST], [{}])[0]


def start(
    job: Job,
    link: Link,
    gpus: Sequence[str],
    envs: Sequence[dict[str, str]],
    others: Sequence[str],
    mounts: Mapping[int, list[ProcessMount]],
    ports: Sequence[Mapping[str, int]],
) -> StartMessage:
    """The order to start all replicas.

    gpus: taken for the job; envs: entries of each replica's interpreter, by rank; others: its path where it is not the zygote's;
    mounts: of the replicas that have some, by rank; ports: of each replica, by name.
    """
    hosts = [HOST] * len(envs)
    told = [peers.environments(job, hosts, ports), list(_shares(job, gpus)), envs]
    replicas = [
        _replica(
            job,
            replica,
            {**own, **replica.role.env, **secrets.values(replica.role), **told_of(job, replica), **share, **gang},
            link,
            others[replica.rank],
            mounts.get(replica.rank, []),
        )
        for replica, gang, share, own in zip(job.replicas, *told, strict=True)
    ]
    made: StartMessage = {
        "start": str(job.folder),
        "gpus": ",".join(gpus),
        "folders": list(dict.fromkeys(str(path.parent) for path in (*job.outputs, *job.files))),
        "files": {str(path): text for path, text in job.files.items()},
        "replicas": replicas,
    }
    if job.success_roles:
        made["success_roles"] = list(job.success_roles)
    if addresses := serving.addresses(job, hosts, ports):
        made["files"][f"{job.folder}/{attempt_folder.SERVES}"] = json.dumps(addresses)
    return made


def told_of(job: Job, replica: Replica) -> dict[str, str]:
    """The replica's variables."""
    if not replica.role.downward_api:
        return {}
    from kflite.executors import downward_api

    return downward_api.values(job, replica)


def check(job: Job) -> None:
    """Raises ExecutorError for commands or code that only an image has, and for a fixed port of several replicas."""
    for role in job.roles:
        if role.replicas > 1 and (port := next((port for port in role.ports if port.number), None)):
            why = f"{role.replicas} replicas cannot all have the port {port.number} ({port.name}) on one machine"
            raise ExecutorError(f"{job.id}: {why}: leave its number out, or use --on docker", "PortTaken")
        if not role.python and not role.command:
            why = "has no command, and what its image would run is known to containers only"
            raise ExecutorError(f"{job.id} {why} ({role.image}): use --on docker, or name a command", "NoCommand")
        if not role.python and (name := kfp_function(role.command, role.args)):
            remedy = "use --on docker once `kflite component build FOLDER` has made it, or run the pipeline beside that folder"
            raise ExecutorError(f"{job.id}: {name}() is in the image {role.image}, and not known here: {remedy}", "NoSources")


def mounts_of(job: Job, volumes: Volumes) -> dict[int, list[ProcessMount]]:
    """The replicas' mounts by rank. Blocks. Raises ExecutorError for impossible mounts."""
    return {replica.rank: [_mount(seen) for seen in volumes.seen(job, replica)] for replica in job.replicas}


def _mount(seen: MountView) -> ProcessMount:
    if seen.source:
        return {"path": seen.path, "source": str(seen.source)}
    if seen.files is None:
        return {"path": seen.path, "size": seen.size}
    return {"path": seen.path, "files": {name: b64encode(content).decode() for name, content in seen.files.items()}}


def _replica(job: Job, replica: Replica, env: dict[str, str], link: Link, other: str, mounts: list[ProcessMount]) -> ReplicaOrder:
    role = replica.role
    told: ReplicaOrder = {
        "name": replica.name,
        "log": str(replica.log),
        "work": str(_work(job, replica)),
        "env": {name: value for name, value in env.items() if USUAL.get(name) != value},
        "memory": role.limit.memory,
        "argv": [*role.command, *role.args],
        "mounts": mounts,
    }
    if role.python and other:
        told["argv"] = [other, "-u", "-c", role.python.code, *role.python.argv]
    elif role.python:
        told |= {"code": link.code(role.python.code), "argv": list(role.python.argv)}
    return told


def _work(job: Job, replica: Replica) -> Path:
    return job.folder / replica.log.name.replace("log", "work", 1)


def _shares(job: Job, gpus: Sequence[str]) -> Iterator[dict[str, str]]:
    left = iter(gpus)
    for replica in job.replicas:
        share = [next(left) for _ in range(replica.role.request.gpus)]
        yield {"CUDA_VISIBLE_DEVICES": ",".join(share)} if share else {}
