"""How a job's containers are named, labelled and found again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from kflite.job import Job, Replica

MANAGED = "app.kubernetes.io/managed-by"
MANAGER = "kflite"
GROUP = "kflite.dev/group"  # the attempt: what its containers and its network have in common
GPUS = "kflite.dev/gpus"
LOG = "kflite.dev/log"
_RANK, _REPLICAS, _NAME, _OFFSET = (f"kflite.dev/{word}" for word in ("rank", "replicas", "replica", "log-offset"))
_LONGEST_SLUG = 24  # a container's name is its host name too, and those have at most 63 characters


@dataclass(frozen=True, slots=True)
class Ref:
    """Finds an attempt again: the label of its containers, and its folder."""

    group: str
    folder: Path

    @classmethod
    def of(cls, job: Job) -> Ref:
        """The ref of a job; the same each time."""
        slug = re.sub(r"[^a-z0-9]+", "-", job.id.rpartition("/")[2].lower()).strip("-")[:_LONGEST_SLUG].strip("-")
        digest = sha256(f"{job.id}\n{job.attempt}\n{job.folder}".encode()).hexdigest()[:12]
        return cls(f"kflite-{slug or 'job'}-{digest}", job.folder)

    @classmethod
    def parse(cls, text: str) -> Ref:
        """What `str` wrote."""
        group, _, folder = text.partition("@")
        return cls(group, Path(folder))

    def __str__(self) -> str:
        return f"{self.group}@{self.folder}"

    def name(self, rank: int) -> str:
        """A replica's container and host name."""
        return f"{self.group}-{rank}"


@dataclass(frozen=True, slots=True)
class Box:
    """A replica's container.

    offset: bytes of the log that are not from the container (notes on the pull of its image); replicas: how many the attempt has;
    found: whether somebody else made it.
    """

    id: str
    rank: int
    name: str
    log: Path
    offset: int
    replicas: int
    found: bool

    @classmethod
    def of(cls, id: str, labels: Mapping[str, str], found: bool = False) -> Box:
        """The container with that id and those labels."""
        rank, replicas, offset = (int(labels[key]) for key in (_RANK, _REPLICAS, _OFFSET))
        return cls(id, rank, labels[_NAME], Path(labels[LOG]), offset, replicas, found)


def labels(job: Job, replica: Replica, gpus: tuple[str, ...]) -> dict[str, str]:
    """The labels of a replica's container."""
    return {
        **group_labels(job),
        _RANK: str(replica.rank),
        _REPLICAS: str(len(job.replicas)),
        _NAME: f"{replica.role.name}.{replica.index}",
        LOG: str(replica.log),
        _OFFSET: str(replica.log.stat().st_size if replica.log.exists() else 0),
        **({GPUS: ",".join(gpus)} if gpus else {}),
    }


def group_labels(job: Job) -> dict[str, str]:
    """The labels that all which an attempt makes has."""
    run, _, task = job.id.partition("/")
    own = {MANAGED: MANAGER, GROUP: Ref.of(job).group, "kflite.dev/job": job.id}
    return {"kflite.dev/run": run, "kflite.dev/task": task, "kflite.dev/attempt": str(job.attempt), **job.labels, **own}
