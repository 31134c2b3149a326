"""What a task asks of Kubernetes beyond an image and a command, as fields of its pod. Pure.

Source of the settings' names: KFP's platform settings, as kflite.plans.dag.settings resolves them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias, cast

from kflite.core import podspec
from kflite.core.job import MountSource, Role, VolumeClaim
from kflite.core.value import Value

Fields: TypeAlias = dict[str, Value]

_GPU = "nvidia.com/gpu"


def volumes(role: Role) -> Iterator[tuple[Fields | None, Fields]]:
    """Each of the role's mounts: its volume, unless an earlier one has that (no node mounts a claim twice); where it is seen."""
    named: dict[tuple[MountSource, str, bool], str] = {}
    for number, mount in enumerate(role.mounts):
        own = (mount.source, mount.name if mount.source is not MountSource.EMPTY else str(number), mount.optional)
        volume: Fields | None = {"name": f"mount-{number}", **podspec.source(mount)} if own not in named else None
        seen: Fields = {"name": named.setdefault(own, f"mount-{number}"), "mountPath": mount.path}
        if mount.sub_path:
            seen["subPath"] = mount.sub_path
        yield volume, seen
    if shared := cast("Fields", role.settings.get("enabledSharedMemory")):
        size: Fields = {"sizeLimit": shared["size"]} if shared.get("size") else {}
        yield {"name": "shm", "emptyDir": {"medium": "Memory", **size}}, {"name": "shm", "mountPath": "/dev/shm"}


def placement(settings: Mapping[str, Value]) -> Fields:
    """Constraints on the pod's node."""
    made: Fields = {key: settings[key] for key in ("nodeSelector", "tolerations") if settings.get(key)}
    affinity = podspec.affinity(settings)
    return made | ({"affinity": affinity} if affinity else {})


def security(settings: Mapping[str, Value]) -> Fields:
    """The user of the pod's containers, including the staging ones, which must read what main wrote."""
    asked = cast("Fields", settings.get("securityContext") or {})
    return {key: asked[key] for key in ("runAsUser", "runAsGroup", "runAsNonRoot") if asked.get(key) is not None}


def metadata(settings: Mapping[str, Value], kind: str) -> dict[str, Value]:
    """The task's labels or annotations for its pods."""
    return dict(cast("dict[str, Fields]", settings.get("podMetadata") or {}).get(kind) or {})


def pull_secrets(settings: Mapping[str, Value]) -> list[Value]:
    """The secrets for pulling images."""
    return [{"name": name} for name in cast("list[str]", settings.get("imagePullSecret") or [])]


def before(settings: Mapping[str, Value], safe: Fields) -> Iterator[Value]:
    """Containers that the task wants to run before its own. safe: the security that they have where they say nothing."""
    for number, container in enumerate(_list(settings, "initContainers")):
        yield {"name": f"before-{number}", "securityContext": safe, **container}


def gpus(role: Role) -> Fields:
    """The role's GPUs as a limit, which is a request too."""
    count = max(role.request.gpus, role.limit.gpus)
    kind = role.accelerator if "/" in role.accelerator else _GPU
    return {kind: str(count)} if count else {}


def claim(asked: VolumeClaim) -> Fields:
    """The manifest of a volume to create."""
    about: Fields = {"name": asked.name}
    if annotations := asked.options.get("annotations"):
        about["annotations"] = annotations
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": about,
        "spec": podspec.claim_spec(asked.options),
    }


def _list(settings: Mapping[str, Value], key: str) -> Iterator[Fields]:
    found = settings.get(key) or []
    yield from (entry for entry in (found if isinstance(found, list) else [found]) if isinstance(entry, dict))
