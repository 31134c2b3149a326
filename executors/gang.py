"""What the replicas of a job are told about each other: the same on every executor, and known before anything starts."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from kflite.core.job import Job


def environments(job: Job, hosts: Sequence[str], ports: Sequence[Mapping[str, int]]) -> list[dict[str, str]]:
    """The environment entries of each replica, by rank.

    hosts, ports: by rank; a replica's ports by name, as the others reach them.
    """
    replicas = job.replicas
    gang = [
        {"role": replica.role.name, "index": replica.index, "host": host, "ports": dict(own)}
        for replica, host, own in zip(replicas, hosts, ports, strict=True)
    ]
    common = {
        "KFLITE_JOB": job.id,
        "KFLITE_ATTEMPT": str(job.attempt),
        "KFP_RETRY_INDEX": str(job.attempt - 1),
        "KFLITE_WORLD_SIZE": str(len(replicas)),
        "KFLITE_HOSTS": ",".join(hosts),
        "KFLITE_GANG": json.dumps(gang, separators=(",", ":")),
    }
    return [
        {
            **common,
            "KFLITE_ROLE": replica.role.name,
            "KFLITE_INDEX": str(replica.index),
            "KFLITE_RANK": str(replica.rank),
            "KFLITE_PORTS": ",".join(f"{name}={port}" for name, port in ports[replica.rank].items()),
        }
        for replica in replicas
    ]


def free_ports(job: Job, host: str = "127.0.0.1") -> list[dict[str, int]]:
    """A free port of `host` for each of each replica's port names; all are held until all are found, so no two are the same."""
    with ExitStack() as held:
        return [
            {name: held.enter_context(socket.create_server((host, 0))).getsockname()[1] for name in replica.role.ports}
            for replica in job.replicas
        ]
