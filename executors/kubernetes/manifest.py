"""From a job to the manifests of its pods, service and owner. Pure.

Source: https://kubernetes.io/docs/reference/kubernetes-api/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from kflite.executors.docker.spec import working_folder
from kflite.executors.kubernetes import names
from kflite.executors.kubernetes.settings import Settings
from kflite.executors.ref import Ref
from kflite.job import Job, Replica, Resources, Role, Secret
from kflite.value import Value

Manifest = dict[str, Value]

PROGRAM = "stage.py"
STAGE_COMMAND = ("python3", "-IB", f"/kflite-program/{PROGRAM}")
SEND_S = 600.0  # how long a pod waits for its inputs
LONGEST_FILES = 64 << 10  # bytes of texts that go in the manifest; more is sent as inputs are
_FIRST_PORT = 20_000  # each pod has its own address, so that no two replicas can want the same port
_SHELL, _PYTHON = re.compile(r"(ba|da|a|z|k)?sh"), re.compile(r"python[\d.]*")
# One stream keeps the order of what is written to both.
_IN_SHELL = ("-c", 'exec "$0" "$@" 2>&1')
_IN_PYTHON = ("-ISc", "import os,sys;os.dup2(1,2);os.execvp(sys.argv[1],sys.argv[1:])")
_NOBODY = 65532
_STAGING: Manifest = {"requests": {"cpu": "10m", "memory": "32Mi"}}


@dataclass(frozen=True, slots=True)
class Order:
    """What a replica's pod is made of, beside the job. owner: the uid of the run's config map.

    env: what it is told of its gang; hosts: the others' names; send: whether files are sent to it before main starts.
    """

    owner: str
    env: Mapping[str, str] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    send: bool = False


def ports(replica: Replica) -> dict[str, int]:
    """The replica's ports by name."""
    return {name: _FIRST_PORT + place for place, name in enumerate(replica.role.ports)}


def host(job: Job, rank: int) -> str:
    """The name by which replicas reach each other."""
    ref = Ref.of(job)
    return f"{ref.name(rank)}.{ref.group}" if len(job.replicas) > 1 else ref.name(rank)


def shared(settings: Settings) -> bool:
    """Whether pods see this machine's folders themselves, so that nothing is copied."""
    return bool(settings.volume)


def owner(run: str, program: str, settings: Settings) -> Manifest:
    """The config map that owns all of a run, and holds the staging program."""
    about: Manifest = {"name": names.owner(run), "labels": {**names.run_labels(run, settings.profile)}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": about, "data": {PROGRAM: program}}


def service(job: Job, owner: str, settings: Settings) -> Manifest:
    """The headless service that gives a gang's pods their names."""
    group = Ref.of(job).group
    spec: Manifest = {"clusterIP": "None", "publishNotReadyAddresses": True, "selector": {names.GROUP: group}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(job, group, owner, settings), "spec": spec}


def pod(job: Job, replica: Replica, order: Order, settings: Settings) -> Manifest:
    """The pod of one replica."""
    name = Ref.of(job).name(replica.rank)
    about = _metadata(job, name, order.owner, settings)
    about["annotations"] = {names.JOB: job.id, names.REPLICA: f"{replica.role.name}.{replica.index}"}
    staged = not shared(settings)
    main, fetch, push = _main(job, replica, order, settings), _fetch(job, order, settings), _push(job, settings)
    before: list[Value] = [fetch] if staged or order.hosts else []
    spec: Manifest = {
        "restartPolicy": "Never",
        "hostname": name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "shareProcessNamespace": True,  # as the first process of its own, main would ignore signals that it does not handle
        "securityContext": _pod_security(settings),
        "initContainers": [*before, main] if staged else before,
        "containers": [push] if staged else [main],
        "volumes": list(_volumes(job, order, settings)),
    }
    if order.hosts:
        spec["subdomain"] = Ref.of(job).group
    if job.timeout_s:
        spec["activeDeadlineSeconds"] = int(job.timeout_s + SEND_S + settings.pull_s + settings.push_s)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": about, "spec": spec}


def deletion(uid: str = "", grace_s: int | None = None) -> Manifest:
    """The body of a request to delete an object, if it is the one with that uid, and what it owns."""
    made: Manifest = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
    if uid:
        made["preconditions"] = {"uid": uid}
    if grace_s is not None:
        made["gracePeriodSeconds"] = grace_s
    return made


def roots(job: Job) -> list[Path]:
    """The folders that a replica sees; none lies in another."""
    folders = sorted({*job.roots, job.folder})
    return [folder for folder in folders if not any(folder.is_relative_to(other) for other in folders if other != folder)]


def _metadata(job: Job, name: str, owner: str, settings: Settings) -> Manifest:
    run = names.run(job)
    reference: Manifest = {"apiVersion": "v1", "kind": "ConfigMap", "name": names.owner(run), "uid": owner}
    labels: dict[str, Value] = {**names.labels(job, Ref.of(job).group, settings.profile)}
    return {"name": name, "labels": labels, "ownerReferences": [reference]}


def _main(job: Job, replica: Replica, order: Order, settings: Settings) -> Manifest:
    role = replica.role
    command, args = command_line(role)
    made: Manifest = {
        "name": "main",
        "image": settings.images.image(role.image),
        "imagePullPolicy": "IfNotPresent",
        "workingDir": str(working_folder(job, replica)),
        "env": list(_env(role, order)),
        "resources": _resources(role),
        "securityContext": _security(),
        "volumeMounts": list(_root_mounts(job, settings)),
    }
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


def _env(role: Role, order: Order) -> Iterator[Manifest]:
    for name, text in {**role.env, **order.env}.items():
        yield {"name": name, "value": escaped(text)}
    for secret in role.secrets:
        yield {"name": secret.variable, "valueFrom": _secret(secret)}
    for name, field_path in role.facts:
        yield {"name": name, "valueFrom": {"fieldRef": {"fieldPath": field_path}}}


def _secret(secret: Secret) -> Manifest:
    kind = "configMapKeyRef" if secret.config else "secretKeyRef"
    return {kind: {"name": secret.name, "key": secret.key, "optional": secret.optional}}


def _resources(role: Role) -> Manifest:
    limits = _amounts(role.limit)
    requests = _amounts(role.request)
    gpus = max(role.request.gpus, role.limit.gpus)
    if gpus:
        limits[role.accelerator or "nvidia.com/gpu"] = str(gpus)
    return {"requests": requests, "limits": limits}


def _amounts(held: Resources) -> dict[str, Value]:
    amounts: dict[str, Value] = {}
    if held.cpus:
        amounts["cpu"] = f"{max(1, round(held.cpus * 1000))}m"
    if held.memory:
        amounts["memory"] = str(held.memory)
    return amounts


def _fetch(job: Job, order: Order, settings: Settings) -> Manifest:
    staged = not shared(settings)
    files = {} if order.send or not staged else {str(path): text for path, text in job.files.items()}
    folders = {working_folder(job, replica) for replica in job.replicas} | {path.parent for path in job.outputs}
    stage = {
        "folders": sorted(map(str, folders)) if staged else [],
        "files": files,
        "send": order.send and staged,
        "send_s": SEND_S,
        "hosts": order.hosts,
        "gang_s": settings.gang_s,
    }
    return _staging("fetch", job, stage, settings)


def _push(job: Job, settings: Settings) -> Manifest:
    stage = {"outputs": [str(path) for path in job.outputs], "keep_s": settings.push_s}
    return _staging("push", job, stage, settings)


def _staging(verb: str, job: Job, stage: Mapping[str, object], settings: Settings) -> Manifest:
    places = [[str(root), f"roots/{place}"] for place, root in enumerate(roots(job))] if not shared(settings) else []
    told = json.dumps({"roots": places, **stage}, separators=(",", ":"))
    base: list[Value] = [{"name": "kflite", "mountPath": "/kflite"}]
    return {
        "name": verb,
        "image": settings.images.image(settings.staging_image),
        "imagePullPolicy": "IfNotPresent",
        "command": [*STAGE_COMMAND, verb],
        "env": [{"name": "KFLITE_STAGE", "value": escaped(told)}],
        "resources": {**_STAGING},
        "securityContext": _security(),
        "volumeMounts": [
            {"name": "kflite-program", "mountPath": "/kflite-program", "readOnly": True},
            *(base if not shared(settings) else []),
            *(_root_mounts(job, settings) if verb == "push" else []),
        ],
    }


def _root_mounts(job: Job, settings: Settings) -> Iterator[Manifest]:
    for place, root in enumerate(roots(job)):
        if settings.volume == "host":
            yield {"name": f"root-{place}", "mountPath": str(root)}
        elif settings.volume:
            below = str(root.relative_to(settings.volume_root))
            yield {"name": "kflite", "mountPath": str(root), **({"subPath": below} if below != "." else {})}
        else:
            yield {"name": "kflite", "mountPath": str(root), "subPath": f"roots/{place}"}


def _volumes(job: Job, order: Order, settings: Settings) -> Iterator[Manifest]:
    if order.hosts or not shared(settings):
        yield {"name": "kflite-program", "configMap": {"name": names.owner(names.run(job))}}
    if settings.volume == "host":
        for place, root in enumerate(roots(job)):
            yield {"name": f"root-{place}", "hostPath": {"path": str(root), "type": "Directory"}}
    elif settings.volume:
        yield {"name": "kflite", "persistentVolumeClaim": {"claimName": settings.volume}}
    else:
        yield {"name": "kflite", "emptyDir": {}}


def _pod_security(settings: Settings) -> Manifest:
    made: Manifest = {"seccompProfile": {"type": "RuntimeDefault"}}
    if settings.restricted:
        made |= {"runAsNonRoot": True, "runAsUser": _NOBODY, "runAsGroup": _NOBODY, "fsGroup": _NOBODY}
    return made


def _security() -> Manifest:
    return {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def hosts(job: Job) -> Sequence[str]:
    """The names of all replicas, by rank."""
    return [host(job, replica.rank) for replica in job.replicas]
