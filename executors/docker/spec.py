"""From a replica to the description of its container, as Docker's API takes it. Pure.

Source: https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerCreate
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import TypeAlias

from kflite.core.frozen import dataclass
from kflite.core.job import Job, Replica
from kflite.errors import ExecutorError
from kflite.executors import downward_api, secrets
from kflite.executors.docker import names
from kflite.executors.docker.host import Host
from kflite.executors.docker.user import as_another, user
from kflite.executors.folders import home, working_folder
from kflite.executors.ref import Ref

_LONGEST_WORD = 128 << 10  # bytes of one argument or environment entry, with its final zero: the kernel's bound
_FIRST_PORT = 20_000  # each container has its own address, so that no two replicas can want the same port
_LEAST_MEMORY = 6 << 20  # bytes; the daemon takes no smaller limit
# One stream keeps the order of what is written to both; the umask keeps what a task writes private.
_WRAP = ("/bin/sh", "-c", 'umask 077; exec "$0" "$@" 2>&1')
# Raw bytes (json-file would replace what is not UTF-8) and no rotation: a log is read again after a crash, to its first byte.
_LOG = {"Type": "local", "Config": {"max-size": "1000g", "max-file": "1", "compress": "false"}}


@dataclass(frozen=True, slots=True)
class Image:
    """Properties of an image: its command, environment and working folder ("" for none), and whether it has a shell."""

    name: str
    id: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    folder: str = ""
    shell: bool = False


Bind: TypeAlias = dict[str, object]
"""A mount in the request that creates a container."""


@dataclass(frozen=True, slots=True)
class ContainerOrder:
    """What a replica's container is made of, besides the job.

    env: what it is told of its gang and of the machine; network: "" for the default; binds: what it mounts for itself.
    """

    image: Image
    env: Mapping[str, str] = field(default_factory=dict)
    network: str = ""
    gpus: tuple[str, ...] = ()
    binds: Sequence[Bind] = ()


def ports(replica: Replica) -> dict[str, int]:
    """The replica's ports by name."""
    return {port.name: port.number or _FIRST_PORT + index for index, port in enumerate(replica.role.ports)}


def container(job: Job, replica: Replica, order: ContainerOrder, host: Host) -> dict[str, object]:
    """The body of the request that creates the container."""
    values, addressed = _downward_variables(job, replica, host)
    env = {**(host.env or {}), "HOME": str(home(job)), **replica.role.env, **secrets.values(replica.role), **values, **order.env}
    entrypoint, command = _command_line(replica, order.image, env, bool(host.user) and not as_another(replica.role))
    if addressed:
        entrypoint, command = _with_address(addressed, order.image, Ref.of(job).name(replica.rank)), [*entrypoint, *command]
    _check_length([*entrypoint, *command, *(f"{key}={value}" for key, value in env.items())])
    name = Ref.of(job).name(replica.rank)
    network = order.network
    return {
        "Image": order.image.name,
        "Hostname": name,
        "User": user(replica.role, host),
        "Entrypoint": entrypoint,
        "Cmd": command,
        "Env": [f"{key}={value}" for key, value in env.items()],
        "WorkingDir": _starts_in(job, replica, order.image),
        "Labels": names.labels(job, replica, order.gpus, ports(replica)),
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": _bounds(replica, order, host)
        | {
            "NetworkMode": network or "default",
            "Mounts": [*_mounts(job, host), *order.binds],
            "GroupAdd": list(host.groups),
            "Init": host.init,
            "LogConfig": _LOG,
            "SecurityOpt": ["label=disable"] if host.selinux else [],
        },
        "NetworkingConfig": {"EndpointsConfig": {network: {"Aliases": [name]}} if network else {}},
    }


def _starts_in(job: Job, replica: Replica, image: Image) -> str:
    """The working folder: the image's for its own command, the replica's for code from outside."""
    own = str(working_folder(job, replica))
    python = replica.role.python
    return own if python and not python.in_image else image.folder or own


def _command_line(replica: Replica, image: Image, env: Mapping[str, str], private: bool) -> tuple[list[str], list[str]]:
    role = replica.role
    words = [*role.command, *role.args] if role.command else [*image.entrypoint, *(role.args or image.command)]
    if not words:
        raise ExecutorError(f"the image {image.name} has no command of its own: give the component one", "NoCommand")
    # A shell passes on no variables but those whose names it could have set itself.
    if image.shell and private and all(name.isidentifier() for name in (*env, *image.env)):
        return list(_WRAP), words
    return words[:1], words[1:]


def _downward_variables(job: Job, replica: Replica, host: Host) -> tuple[dict[str, str], list[str]]:
    """The Downward API's variables, and the names of those with its address, which is unknown before the start."""
    if not replica.role.downward_api:
        return {}, []
    addressed = [name for name, field in replica.role.downward_api if field in ("status.podIP", "status.podIPs")]
    values = downward_api.values(job, replica, host=host.address)
    return {name: text for name, text in values.items() if name not in addressed}, addressed


def _with_address(addressed: Sequence[str], image: Image, name: str) -> list[str]:
    """A shell command that looks up the container's own address."""
    if not image.shell or not all(variable.isidentifier() for variable in addressed):
        raise ExecutorError(
            f"{', '.join(addressed)}: the address of a container (status.podIP) is found by a shell, "
            f"and the image {image.name} has none: choose another image",
            "NoShell",
        )
    exports = " ".join(f'{variable}="$a"' for variable in addressed)
    find = f'while read -r a b; do if [ "$b" = {name} ]; then export {exports}; break; fi; done </etc/hosts'
    return ["/bin/sh", "-c", f'{find}; exec "$0" "$@"']


def _check_length(words: Sequence[str]) -> None:
    longest = max(words, key=len)
    if len(longest.encode()) >= _LONGEST_WORD:
        text = f"an argument or environment entry of {len(longest.encode())} bytes is longer than the kernel takes"
        raise ExecutorError(f"{text} ({_LONGEST_WORD - 1}): pass it as an artifact ({longest[:40]}...)", "ArgumentTooLong")


def _mounts(job: Job, host: Host) -> Iterator[dict[str, object]]:
    folders = sorted({*job.shared_folders, job.folder})
    for folder in folders:
        if not any(folder.is_relative_to(other) for other in folders if other != folder):
            yield {"Type": "bind", "Source": str(folder), "Target": str(folder)}
    for source, target in host.files:
        yield {"Type": "bind", "Source": str(source), "Target": str(target), "ReadOnly": True}


def _bounds(replica: Replica, order: ContainerOrder, host: Host) -> dict[str, object]:
    limit = replica.role.limit
    # As much as on the machine itself: Docker's own 64 MB stall data loaders.
    bounds: dict[str, object] = {"ShmSize": host.memory // 2} if host.memory else {}
    shared = replica.role.settings.get("enabledSharedMemory")
    if isinstance(shared, dict) and shared.get("size"):
        bounds["ShmSize"] = int(str(shared["size"]))
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
