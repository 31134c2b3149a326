"""Variables that tell replicas about each other: the same on every executor, and known before anything starts."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from kflite.core.job import Job, Port
from kflite.errors import ExecutorError


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
    """The ports of each replica, by name: the numbers that are asked for, and free ones of `host` for the others.

    All are held until all are found, so no two are the same. Raises ExecutorError (PortTaken).
    """
    with ExitStack() as held:

        def found(port: Port) -> int:
            try:
                server = held.enter_context(socket.create_server((host, port.number)))
            except OSError as error:
                why = f"{job.id} cannot have the port {port.number} ({port.name}) of {host}: {error.strerror}"
                raise ExecutorError(f"{why}: choose another one, or leave its number out", "PortTaken") from error
            number: int = server.getsockname()[1]
            return number

        return [{port.name: found(port) for port in replica.role.ports} for replica in job.replicas]
