"""What must be known to wait for an attempt, also by another process: kept in its folder before anything is created.

Its first pod has it too, so that a scheduler on another machine can take the attempt over.
"""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

from kflite.core.frozen import dataclass
from kflite.core.job import Job

_NAME = "kubernetes.json"


@dataclass(frozen=True, slots=True)
class PodRef:
    """A pod: its name, its replica's name, and its log."""

    pod: str
    name: str
    log: Path

    @property
    def replica(self) -> tuple[str, int]:
        """Its role and its index within it."""
        role, _, index = self.name.rpartition(".")
        return role, int(index)


@dataclass(frozen=True, slots=True)
class AttemptState:
    """An attempt's pods. inputs: sent to each before main starts; outputs: fetched after it."""

    job: str
    replicas: tuple[PodRef, ...]
    inputs: tuple[Path, ...]
    outputs: tuple[Path, ...]
    staged: bool
    memory: int
    success_roles: tuple[str, ...] = ()

    @property
    def run(self) -> str:
        """The run that it belongs to."""
        return self.job.partition("/")[0]

    @classmethod
    def of(cls, job: Job, pods: list[str], inputs: tuple[Path, ...], outputs: tuple[Path, ...], staged: bool) -> AttemptState:
        """The state of a job whose pods have these names, by rank."""
        named = zip(pods, job.replicas, strict=True)
        replicas = tuple(PodRef(pod, each.name, each.log) for pod, each in named)
        memory = max(replica.role.limit.memory for replica in job.replicas)
        return cls(job.id, replicas, inputs, outputs, staged, memory, job.success_roles)

    def text(self) -> str:
        """The text that `parse` reads."""
        held = {
            "job": self.job,
            "replicas": [[each.pod, each.name, str(each.log)] for each in self.replicas],
            "inputs": [str(path) for path in self.inputs],
            "outputs": [str(path) for path in self.outputs],
            "staged": self.staged,
            "memory": self.memory,
            "success_roles": self.success_roles,
        }
        return json.dumps(held)

    def write(self, folder: Path) -> None:
        """Write the state to the attempt's folder."""
        new = folder / f".{_NAME}.{uuid4().hex[:8]}"  # two executors of one process may do so at once
        new.write_text(self.text(), "utf-8")
        new.replace(folder / _NAME)

    @classmethod
    def read(cls, folder: Path) -> AttemptState | None:
        """The state that `write` wrote, None for none."""
        try:
            return cls.parse((folder / _NAME).read_text("utf-8"))
        except FileNotFoundError:
            return None

    @classmethod
    def parse(cls, text: str) -> AttemptState:
        """Parse a state."""
        held = json.loads(text)
        replicas = tuple(PodRef(pod, name, Path(log)) for pod, name, log in held["replicas"])
        inputs, outputs = (tuple(map(Path, held[key])) for key in ("inputs", "outputs"))
        return cls(held["job"], replicas, inputs, outputs, held["staged"], held["memory"], tuple(held.get("success_roles", ())))
