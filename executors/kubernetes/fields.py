"""What a task asks of Kubernetes beyond an image and a command, as fields of its pod. Pure.

Source of the settings' names: KFP's platform settings, as kflite.dag.settings resolves them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias, cast

from kflite.executors.kubernetes.names import MANAGED, MANAGER
from kflite.job import Claim, Mount, Role, Source
from kflite.value import Value

Fields: TypeAlias = dict[str, Value]

_GPU = "nvidia.com/gpu"


def volumes(role: Role) -> Iterator[tuple[Fields, Fields]]:
    """Each of the role's own volumes, with where main sees it."""
    for number, mount in enumerate(role.mounts):
        name = f"mount-{number}"
        seen: Fields = {"name": name, "mountPath": mount.path}
        if mount.sub_path:
            seen["subPath"] = mount.sub_path
        yield {"name": name, **_source(mount)}, seen
    if shared := cast("Fields", role.settings.get("enabledSharedMemory")):
        size: Fields = {"sizeLimit": shared["size"]} if shared.get("size") else {}
        yield {"name": "shm", "emptyDir": {"medium": "Memory", **size}}, {"name": "shm", "mountPath": "/dev/shm"}


def _source(mount: Mount) -> Fields:
    if mount.source is Source.SECRET:
        return {"secret": {"secretName": mount.name, "optional": mount.optional}}
    if mount.source is Source.CONFIG_MAP:
        return {"configMap": {"name": mount.name, "optional": mount.optional}}
    if mount.source is Source.VOLUME:
        return {"persistentVolumeClaim": {"claimName": mount.name}}
    if "accessModes" in mount.options:
        template: Fields = {"spec": _claim_spec(mount.options)}
        if metadata := mount.options.get("metadata"):
            template["metadata"] = metadata
        return {"ephemeral": {"volumeClaimTemplate": template}}
    return {"emptyDir": {key: mount.options[key] for key in ("medium", "sizeLimit") if mount.options.get(key)}}


def placement(settings: Mapping[str, Value]) -> Fields:
    """Where the pod may run."""
    made: Fields = {key: settings[key] for key in ("nodeSelector", "tolerations") if settings.get(key)}
    affinity: Fields = {}
    for term in _list(settings, "nodeAffinity"):
        if whole := term.get("nodeAffinityJson"):
            _merge(affinity, "nodeAffinity", cast("Fields", whole))
        else:
            _merge(affinity, "nodeAffinity", _weighed(term, _node_term(term), "nodeSelectorTerms", "preference"))
    for term in _list(settings, "podAffinity"):
        kind = "podAntiAffinity" if term.get("anti") else "podAffinity"
        _merge(affinity, kind, _weighed(term, _pod_term(term), "", "podAffinityTerm"))
    return made | ({"affinity": affinity} if affinity else {})


def _node_term(term: Fields) -> Fields:
    return {key: term[key] for key in ("matchExpressions", "matchFields") if term.get(key)}


def _pod_term(term: Fields) -> Fields:
    made: Fields = {"topologyKey": term.get("topologyKey", "")}
    pairs = (("labelSelector", "matchPod"), ("namespaceSelector", "matchNamespace"))
    for name, prefix in pairs:
        selector: Fields = {}
        if expressions := term.get(f"{prefix}Expressions"):
            selector["matchExpressions"] = expressions
        if labels := term.get(f"{prefix}Labels"):
            selector["matchLabels"] = labels
        if selector:
            made[name] = selector
    return made | ({"namespaces": term["namespaces"]} if term.get("namespaces") else {})


def _weighed(term: Fields, made: Fields, group: str, preference: str) -> Fields:
    """A term that is preferred where it has a weight, and required where it has none."""
    if weight := term.get("weight"):
        return {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": int(str(weight)), preference: made}]}
    required: Value = {group: [made]} if group else [made]
    return {"requiredDuringSchedulingIgnoredDuringExecution": required}


def _merge(into: Fields, kind: str, more: Fields) -> None:
    """Add terms to those that are there."""
    held = cast("Fields", into.setdefault(kind, {}))
    for key, value in more.items():
        if isinstance(value, list):
            held[key] = [*cast("list[Value]", held.get(key, [])), *value]
        elif isinstance(value, dict) and key in held:
            _merge(held, key, value)
        elif isinstance(value, dict):
            held[key] = dict(value)
        else:
            held[key] = value


def security(settings: Mapping[str, Value]) -> Fields:
    """Whom the pod's containers run as; the staging ones too, so that they can read what main wrote."""
    asked = cast("Fields", settings.get("securityContext") or {})
    return {key: asked[key] for key in ("runAsUser", "runAsGroup", "runAsNonRoot") if asked.get(key) is not None}


def metadata(settings: Mapping[str, Value], kind: str) -> dict[str, Value]:
    """The labels or annotations that the task gives its pods."""
    return dict(cast("dict[str, Fields]", settings.get("podMetadata") or {}).get(kind) or {})


def pull_secrets(settings: Mapping[str, Value]) -> list[Value]:
    """The secrets by which images are pulled."""
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


def claim(asked: Claim) -> Fields:
    """The manifest of a volume to create."""
    about: Fields = {"name": asked.name, "labels": {MANAGED: MANAGER}}
    if annotations := asked.options.get("annotations"):
        about["annotations"] = annotations
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": about,
        "spec": _claim_spec(asked.options),
    }


def _claim_spec(options: Mapping[str, Value]) -> Fields:
    made: Fields = {
        "accessModes": options.get("accessModes") or ["ReadWriteOnce"],
        "resources": {"requests": {"storage": options.get("size") or "1Gi"}},
    }
    return made | {key: options[key] for key in ("storageClassName", "volumeName", "dataSource") if options.get(key) is not None}


def _list(settings: Mapping[str, Value], key: str) -> Iterator[Fields]:
    found = settings.get(key) or []
    yield from (entry for entry in (found if isinstance(found, list) else [found]) if isinstance(entry, dict))
