"""From a replica to the description of its container, as Docker's API takes it. Pure.

Source: https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerCreate
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kflite.errors import ExecutorError
from kflite.executors import secrets
from kflite.executors.docker import names
from kflite.executors.docker.host import Host
from kflite.executors.ref import Ref
from kflite.job import Job, Replica

_LONGEST_WORD = 128 << 10  # bytes of one argument or environment entry, with its final zero: the kernel's bound
_FIRST_PORT = 20_000  # each container has its own address, so that no two replicas can want the same port
_LEAST_MEMORY = 6 << 20  # bytes; the daemon takes no smaller limit
# One stream keeps the order of what is written to both; the umask keeps what a task writes private.
_WRAP = ("/bin/sh", "-c", 'umask 077; exec "$0" "$@" 2>&1')
# Raw bytes (json-file would replace what is not UTF-8) and no rotation: a log is read again after a crash, to its first byte.
_LOG = {"Type": "local", "Config": {"max-size": "1000g", "max-file": "1", "compress": "false"}}


@dataclass(frozen=True, slots=True)
class Image:
    """What is known of an image: its own command line and environment, and whether it has a shell."""

    name: str
    id: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    shell: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """What a replica's container is made of, beside the job. env: what it is told of its gang; network: "" for the default."""

    image: Image
    env: Mapping[str, str] = field(default_factory=dict)
    network: str = ""
    gpus: tuple[str, ...] = ()


def ports(replica: Replica) -> dict[str, int]:
    """The replica's ports by name."""
    return {name: _FIRST_PORT + place for place, name in enumerate(replica.role.ports)}


def working_folder(job: Job, replica: Replica) -> Path:
    """Where the replica starts."""
    return job.folder / replica.log.name.replace("log", "work", 1)


def home(job: Job) -> Path:
    """The HOME of all replicas."""
    return job.folder / "home"


def container(job: Job, replica: Replica, order: Order, host: Host) -> dict[str, object]:
    """The body of the request that creates the container."""
    env = {**(host.env or {}), "HOME": str(home(job)), **replica.role.env, **secrets.values(replica.role), **order.env}
    entrypoint, command = _command_line(replica, order.image, env, bool(host.user))
    _check_length([*entrypoint, *command, *(f"{key}={value}" for key, value in env.items())])
    name = Ref.of(job).name(replica.rank)
    network = order.network
    return {
        "Image": order.image.name,
        "Hostname": name,
        "User": host.user,
        "Entrypoint": entrypoint,
        "Cmd": command,
        "Env": [f"{key}={value}" for key, value in env.items()],
        "WorkingDir": str(working_folder(job, replica)),
        "Labels": names.labels(job, replica, order.gpus),
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": _bounds(replica, order, host)
        | {
            "NetworkMode": network or "default",
            "Mounts": list(_mounts(job, host)),
            "GroupAdd": list(host.groups),
            "Init": host.init,
            "LogConfig": _LOG,
            "SecurityOpt": ["label=disable"] if host.selinux else [],
        },
        "NetworkingConfig": {"EndpointsConfig": {network: {"Aliases": [name]}} if network else {}},
    }


def _command_line(replica: Replica, image: Image, env: Mapping[str, str], private: bool) -> tuple[list[str], list[str]]:
    role = replica.role
    words = [*role.command, *role.args] if role.command else [*image.entrypoint, *(role.args or image.command)]
    if not words:
        raise ExecutorError(f"the image {image.name} has no command of its own: give the component one", "NoCommand")
    # A shell passes on no variables but those whose names it could have set itself.
    if image.shell and private and all(name.isidentifier() for name in (*env, *image.env)):
        return list(_WRAP), words
    return words[:1], words[1:]


def _check_length(words: Sequence[str]) -> None:
    longest = max(words, key=len)
    if len(longest.encode()) >= _LONGEST_WORD:
        text = f"an argument or environment entry of {len(longest.encode())} bytes is longer than the kernel takes"
        raise ExecutorError(f"{text} ({_LONGEST_WORD - 1}): pass it as an artifact ({longest[:40]}...)", "ArgumentTooLong")


def _mounts(job: Job, host: Host) -> Iterator[dict[str, object]]:
    folders = sorted({*job.roots, job.folder})
    for folder in folders:
        if not any(folder.is_relative_to(other) for other in folders if other != folder):
            yield {"Type": "bind", "Source": str(folder), "Target": str(folder)}
    for source, target in host.files:
        yield {"Type": "bind", "Source": str(source), "Target": str(target), "ReadOnly": True}


def _bounds(replica: Replica, order: Order, host: Host) -> dict[str, object]:
    limit = replica.role.limit
    # As much as on the machine itself: Docker's own 64 MB stall data loaders.
    bounds: dict[str, object] = {"ShmSize": host.memory // 2} if host.memory else {}
    if 0 < limit.cpus < host.cpus:
        bounds["NanoCpus"] = int(limit.cpus * 1e9)
    if limit.memory:
        memory = max(limit.memory, _LEAST_MEMORY)
        bounds |= {"Memory": memory, "MemorySwap": memory}
    if order.gpus:
        bounds["DeviceRequests"] = [_devices(order.gpus)]
    return bounds


def _devices(gpus: Sequence[str]) -> dict[str, object]:
    return {"Driver": "nvidia", "DeviceIDs": list(gpus), "Capabilities": [["gpu"]]}
