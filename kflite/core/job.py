"""A job: what an executor runs, fully resolved, and what it tells of it. No executor knows pipelines, no plan knows executors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from kflite.core.frozen import dataclass
from kflite.core.value import Value


@dataclass(frozen=True, slots=True)
class Resources:
    """CPUs in cores, memory in bytes, and whole GPUs, as requested by a replica or owned by an executor. 0: not requested."""

    cpus: float = 0.0
    memory: int = 0
    gpus: int = 0

    def __add__(self, other: Resources) -> Resources:
        return Resources(self.cpus + other.cpus, self.memory + other.memory, self.gpus + other.gpus)

    def __sub__(self, other: Resources) -> Resources:
        return Resources(self.cpus - other.cpus, self.memory - other.memory, self.gpus - other.gpus)

    def __mul__(self, n: int) -> Resources:
        return Resources(self.cpus * n, self.memory * n, self.gpus * n)

    def most(self, other: Resources) -> Resources:
        """The greater of each."""
        return Resources(max(self.cpus, other.cpus), max(self.memory, other.memory), max(self.gpus, other.gpus))

    def fits(self, free: Resources) -> bool:
        """Whether `free` has this much; a rounding error of a millionth of a core is ignored."""
        return self.cpus <= free.cpus + 1e-6 and self.memory <= free.memory and self.gpus <= free.gpus


@dataclass(frozen=True, slots=True)
class Python:
    """A role's command as Python code: `python3 -u -c CODE *argv` in an environment with `packages`.

    An executor with warm interpreters runs this instead of the command. in_image: the command runs code of the image, and this is
    its equivalent for executors without images.
    """

    code: str
    argv: tuple[str, ...]
    packages: tuple[str, ...] = ()
    index_urls: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ()
    in_image: bool = False


@dataclass(frozen=True, slots=True)
class Secret:
    """An environment variable whose value is the entry `key` of the secret `name`, and is shown to the process only.

    config: `name` is a config map instead.
    """

    variable: str
    name: str
    key: str
    optional: bool = False
    config: bool = False


class MountSource(StrEnum):
    """The kinds of mounted volumes."""

    SECRET = "secret"
    CONFIG_MAP = "config map"
    VOLUME = "volume"
    EMPTY = "empty folder"


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder at `path` in a replica: the files of a secret or config map, a named persistent volume, or an empty folder.

    optional: the replica runs without it if it does not exist; options: fields for clusters only, in Kubernetes' terms.
    """

    path: str
    source: MountSource
    name: str
    sub_path: str = ""
    optional: bool = False
    options: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VolumeClaim:
    """A named volume to create or delete. Creating an existing one, and deleting a missing one, succeed."""

    name: str
    delete: bool = False
    options: Mapping[str, Value] = field(default_factory=dict)


class Restart(StrEnum):
    """When a replica that ended is started again within its attempt. EXIT_CODE: by what its exit status says (128 and above)."""

    NEVER = "Never"
    ON_FAILURE = "OnFailure"
    ALWAYS = "Always"
    EXIT_CODE = "ExitCode"


@dataclass(frozen=True, slots=True)
class Port:
    """A port that each replica of a role gets. number: 0 for a free one.

    ready: what tells that it serves: "tcp" once it accepts connections; "" where nobody outside of the gang is to know.
    """

    name: str
    number: int = 0
    ready: str = ""


@dataclass(frozen=True, slots=True)
class Role:
    """A group of `replicas` equal processes. An empty command means the image's own entrypoint, with `args`.

    `request` counts against capacity, for each replica; `limit` bounds a replica while it runs (0: no bound).
    min_replicas: with how many it can do, 0 for no fewer than `replicas`; restart: of a single replica within the attempt.
    facts: variables that tell a replica of itself, with the field that each one holds, as ("POD", "metadata.name").
    accelerator: what kind of GPUs it asks for; settings: what only a cluster can heed, in Kubernetes' terms.
    """

    image: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[Secret, ...] = ()
    request: Resources = Resources()
    limit: Resources = Resources()
    name: str = "main"
    replicas: int = 1
    ports: tuple[Port, ...] = ()
    python: Python | None = None
    mounts: tuple[Mount, ...] = ()
    downward_api: tuple[tuple[str, str], ...] = ()
    accelerator: str = ""
    settings: Mapping[str, Value] = field(default_factory=dict)
    min_replicas: int = 0
    restart: Restart = Restart.NEVER


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt at a task. `id` is "RUN/TASK"; with `attempt` it makes `start` idempotent.

    folder: private to the attempt (0700): logs, working folders, and what an executor needs to find the job again.
    roots: folders that every replica sees at the same path (the artifacts, the attempt's own folder).
    outputs: files and folders that the job will write; their parents must exist before it starts.
    files: texts to be written before it starts, by path.
    fetch: what it reads, as (URI, path); what does not lie on this machine is copied before it starts.
    push: what is copied after it succeeded, where artifacts are not kept on this machine: (URI, path).
    timeout_s: longest run time of the attempt in seconds, kept by the scheduler; here for executors that can back it up.
    workspace: a folder that all tasks of the run share, at the same path; claim: instead of roles, a volume to create or delete.
    success_roles: those whose success is the job's, whatever the others do then, which are stopped; () for all.
    """

    id: str
    attempt: int
    roles: tuple[Role, ...]
    folder: Path
    roots: tuple[Path, ...] = ()
    outputs: tuple[Path, ...] = ()
    files: Mapping[Path, str] = field(default_factory=dict)
    fetch: tuple[tuple[str, Path], ...] = ()
    push: tuple[tuple[str, Path], ...] = ()
    timeout_s: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    workspace: Path | None = None
    claim: VolumeClaim | None = None
    success_roles: tuple[str, ...] = ()
    replicas: tuple[Replica, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """All replicas, ranked in the order of roles."""
        pairs = [(role, index) for role in self.roles for index in range(role.replicas)]
        ranked = (Replica(rank, role, index, self._log(role, index, len(pairs))) for rank, (role, index) in enumerate(pairs))
        object.__setattr__(self, "replicas", tuple(ranked))

    @property
    def shared_folders(self) -> tuple[Path, ...]:
        """The roots, and the workspace if there is one."""
        return (*self.roots, self.workspace) if self.workspace else self.roots

    @property
    def request(self) -> Resources:
        """The sum of the replicas' requests."""
        return sum((role.request * role.replicas for role in self.roles), Resources())

    def _log(self, role: Role, index: int, total: int) -> Path:
        return self.folder / ("log" if total == 1 else f"log.{role.name}.{index}")


@dataclass(frozen=True, slots=True)
class Replica:
    """One process of a job: its rank in the job, its index in the role, and its log file."""

    rank: int
    role: Role
    index: int
    log: Path

    @property
    def name(self) -> str:
        """What messages call it: "ROLE.INDEX"."""
        return f"{self.role.name}.{self.index}"


@dataclass(frozen=True, slots=True)
class ReplicaExit:
    """How one replica of an attempt ended. code and reason: as of `Exit`."""

    role: str
    index: int
    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Exit:
    """How an attempt ended. code: 0 for success, -N for a kill by signal N; reason: one word, "" for success.

    lost: the executor's or the machine's doing and not the code's, so that it does not use up the user's retries.
    replicas: the end of each, by rank, where it is known; two exits that differ in nothing else are equal.
    """

    code: int
    reason: str = ""
    message: str = ""
    lost: bool = False
    replicas: tuple[ReplicaExit, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class AttemptWaiting:
    """What keeps an attempt from running, "" for nothing any longer."""

    message: str


@dataclass(frozen=True, slots=True)
class Serving:
    """Where an attempt serves, now that it accepts connections: "ROLE.INDEX/PORT" -> "host:port"."""

    addresses: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """A value of a metric. at: Unix time in seconds; replica: "ROLE.INDEX" of who reports it."""

    metric: str
    value: float
    step: int
    at: float
    replica: str = ""


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings that an attempt reports, in order."""

    points: tuple[Reading, ...]


Update: TypeAlias = AttemptWaiting | Serving | Readings | Exit
"""What an attempt tells; the last is its exit."""
