"""Names and labels of a job's containers, by which they are found again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from kflite.core.frozen import dataclass
from kflite.core.job import Job, Replica
from kflite.executors.ref import Ref

MANAGED = "app.kubernetes.io/managed-by"
MANAGER = "kflite"
GROUP = "kflite.dev/group"  # the attempt: what its containers and its network have in common
GPUS = "kflite.dev/gpus"
LOG = "kflite.dev/log"
_RANK, _REPLICAS, _NAME, _OFFSET = (f"kflite.dev/{word}" for word in ("rank", "replicas", "replica", "log-offset"))
_SERVES, _SUCCESS = "kflite.dev/serves", "kflite.dev/success-roles"


@dataclass(frozen=True, slots=True)
class ContainerRef:
    """A replica's container.

    offset: bytes of the log that are not from the container (notes on the pull of its image); replicas: how many the attempt has;
    found: whether somebody else made it; serves: its ports that are to accept connections, by name.
    success_roles: those whose success is the attempt's.
    """

    id: str
    rank: int
    name: str
    log: Path
    offset: int
    replicas: int
    found: bool
    serves: Mapping[str, int] = field(default_factory=dict, compare=False)
    success_roles: tuple[str, ...] = ()

    @property
    def replica(self) -> tuple[str, int]:
        """Its role and its index within it."""
        role, _, index = self.name.rpartition(".")
        return role, int(index)

    @classmethod
    def of(cls, id: str, labels: Mapping[str, str], found: bool = False) -> ContainerRef:
        """The container with that id and those labels."""
        rank, replicas, offset = (int(labels[key]) for key in (_RANK, _REPLICAS, _OFFSET))
        serves, success = json.loads(labels.get(_SERVES, "{}")), tuple(json.loads(labels.get(_SUCCESS, "[]")))
        return cls(id, rank, labels[_NAME], Path(labels[LOG]), offset, replicas, found, serves, success)


def labels(job: Job, replica: Replica, gpus: tuple[str, ...], ports: Mapping[str, int]) -> dict[str, str]:
    """The labels of a replica's container. ports: its numbers, by name."""
    serves = {port.name: ports[port.name] for port in replica.role.ports if port.ready}
    return {
        **group_labels(job),
        _RANK: str(replica.rank),
        _REPLICAS: str(len(job.replicas)),
        _NAME: replica.name,
        LOG: str(replica.log),
        _OFFSET: str(replica.log.stat().st_size if replica.log.exists() else 0),
        **({GPUS: ",".join(gpus)} if gpus else {}),
        **({_SERVES: json.dumps(serves)} if serves else {}),
        **({_SUCCESS: json.dumps(job.success_roles)} if job.success_roles else {}),
    }


def group_labels(job: Job) -> dict[str, str]:
    """The labels of everything that an attempt creates."""
    run, _, task = job.id.partition("/")
    own = {MANAGED: MANAGER, GROUP: Ref.of(job).group, "kflite.dev/job": job.id}
    return {"kflite.dev/run": run, "kflite.dev/task": task, "kflite.dev/attempt": str(job.attempt), **job.labels, **own}
