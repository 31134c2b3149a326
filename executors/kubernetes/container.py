"""From a role to its main container. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path, PurePath

from kflite.core.frozen import dataclass
from kflite.core.job import Job, Replica, Resources, Role, Secret
from kflite.core.value import Value
from kflite.executors.folders import working_folder
from kflite.executors.kubernetes import fields
from kflite.executors.kubernetes.fields import Fields
from kflite.executors.kubernetes.options import KubernetesOptions
from kflite.executors.ref import Ref

SAFE: Fields = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
WORKSPACE = "workspace"  # the volume that all tasks of a run share
_FIRST_PORT = 20_000  # each pod has its own address, so that no two replicas can want the same port
_SHELL, _PYTHON = re.compile(r"(ba|da|a|z|k)?sh"), re.compile(r"python[\d.]*")
# One stream keeps the order of what is written to both.
_IN_SHELL = ("-c", 'exec "$0" "$@" 2>&1')
_IN_PYTHON = ("-ISc", "import os,sys;os.dup2(1,2);os.execvp(sys.argv[1],sys.argv[1:])")


@dataclass(frozen=True, slots=True)
class PodOrder:
    """What a replica's pod is made of, beside the job. owner: the uid of the run's config map.

    env: what it is told of its gang; hosts: the others' names; send: whether files are sent to it before main starts.
    memo: what another machine must know to take the attempt over, for the first pod.
    """

    owner: str
    env: Mapping[str, str] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    send: bool = False
    memo: str = ""


def ports(replica: Replica) -> dict[str, int]:
    """The replica's ports by name."""
    return {port.name: port.number or _FIRST_PORT + index for index, port in enumerate(replica.role.ports)}


def host(job: Job, rank: int) -> str:
    """The name by which replicas reach each other."""
    ref = Ref.of(job)
    return f"{ref.name(rank)}.{ref.group}" if len(job.replicas) > 1 else ref.name(rank)


def hosts(job: Job) -> Sequence[str]:
    """The names of all replicas, by rank."""
    return [host(job, replica.rank) for replica in job.replicas]


def shared(settings: KubernetesOptions) -> bool:
    """Whether pods see this machine's folders, so that nothing is copied."""
    return bool(settings.volume)


def roots(job: Job) -> list[Path]:
    """The folders that a replica sees; none lies in another."""
    folders = sorted({*job.roots, job.folder})
    return [folder for folder in folders if not any(folder.is_relative_to(other) for other in folders if other != folder)]


def main(job: Job, replica: Replica, order: PodOrder, settings: KubernetesOptions) -> Fields:
    """The container that runs the role."""
    role = replica.role
    command, args = command_line(role)
    made: Fields = {
        "name": "main",
        "image": settings.images.image(role.image),
        "imagePullPolicy": role.settings.get("imagePullPolicy") or "IfNotPresent",
        "env": list(_env(role, order)),
        "resources": _resources(role),
        "securityContext": SAFE,
        "volumeMounts": [*root_mounts(job, settings), *(seen for _, seen in fields.volumes(role))],
    }
    # A command may count on the folder that its image names, which nobody here knows.
    if role.python and not role.python.in_image:
        made["workingDir"] = str(working_folder(job, replica))
    if command:
        made["command"] = [*map(escaped, command)]
    if args:
        made["args"] = [*map(escaped, args)]
    return made


def command_line(role: Role) -> tuple[list[str], list[str]]:
    """Command and args, both streams joined where the command's own interpreter can do that."""
    command, args = list(role.command), list(role.args)
    program = PurePath(command[0]).name if command else ""
    if _SHELL.fullmatch(program) and all(map(str.isidentifier, role.env)):
        return [command[0], *_IN_SHELL, *command], args
    if _PYTHON.fullmatch(program):
        return [command[0], *_IN_PYTHON, *command], args
    return command, args


def escaped(text: str) -> str:
    """The text as it is written where `$(NAME)` stands for a variable."""
    return text.replace("$", "$$")


def _env(role: Role, order: PodOrder) -> Iterator[Fields]:
    for name, text in {**role.env, **order.env}.items():
        yield {"name": name, "value": escaped(text)}
    for secret in role.secrets:
        yield {"name": secret.variable, "valueFrom": _secret(secret)}
    for name, field_path in role.downward_api:
        yield {"name": name, "valueFrom": {"fieldRef": {"fieldPath": field_path}}}


def _secret(secret: Secret) -> Fields:
    kind = "configMapKeyRef" if secret.config else "secretKeyRef"
    return {kind: {"name": secret.name, "key": secret.key, "optional": secret.optional}}


def _resources(role: Role) -> Fields:
    limits = _amounts(role.limit)
    requests = _amounts(role.request)
    return {"requests": requests, "limits": limits | fields.gpus(role)}


def _amounts(held: Resources) -> dict[str, Value]:
    amounts: dict[str, Value] = {}
    if held.cpus:
        amounts["cpu"] = f"{max(1, round(held.cpus * 1000))}m"
    if held.memory:
        amounts["memory"] = str(held.memory)
    return amounts


def root_mounts(job: Job, settings: KubernetesOptions) -> Iterator[Fields]:
    """The mounts of the job's folders."""
    if job.workspace and not shared(settings):
        yield {"name": WORKSPACE, "mountPath": str(job.workspace)}
    for index, root in enumerate(roots(job)):
        if settings.volume == "host":
            yield {"name": f"root-{index}", "mountPath": str(root)}
        elif settings.volume:
            below = str(root.relative_to(settings.volume_root))
            yield {"name": "kflite", "mountPath": str(root), **({"subPath": below} if below != "." else {})}
        else:
            yield {"name": "kflite", "mountPath": str(root), "subPath": f"roots/{index}"}
