"""Parts of a Pod's specification, made from a role. Pure.

Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from kflite.core.job import Mount, MountSource, Role, Secret
from kflite.core.value import Value

Json: TypeAlias = dict[str, Value]
_LONGEST_NAME = 63  # characters of a volume's name, which is a DNS label


def env(role: Role, variables: Mapping[str, str]) -> list[Json]:
    """The container's `env`: plain variables, then those from the role's secrets, config maps and Pod fields."""
    plain: list[Json] = [{"name": name, "value": text} for name, text in variables.items()]
    fields: list[Json] = [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in role.downward_api]
    return [*plain, *map(_entry, role.secrets), *fields]


def _entry(secret: Secret) -> Json:
    kind = "configMapKeyRef" if secret.config else "secretKeyRef"
    return {
        "name": secret.variable,
        "valueFrom": {kind: {"name": secret.name, "key": secret.key, "optional": secret.optional}},
    }


def volumes(mounts: Iterable[Mount]) -> tuple[list[Json], list[Json]]:
    """The Pod's `volumes`, and its container's `volumeMounts`."""
    by_name: dict[str, Json] = {}
    container_mounts: list[Json] = []
    for mount in mounts:
        body = source(mount)
        name = _name(mount, body, by_name)
        by_name[name] = body
        container_mount: Json = {"name": name, "mountPath": mount.path}
        container_mounts.append(container_mount | ({"subPath": mount.sub_path} if mount.sub_path else {}))
    return [{"name": name, **body} for name, body in by_name.items()], container_mounts


def source(mount: Mount) -> Json:
    """The source of a Pod's volume."""
    if mount.source is MountSource.SECRET:
        return {"secret": {"secretName": mount.name, "optional": mount.optional}}
    if mount.source is MountSource.CONFIG_MAP:
        return {"configMap": {"name": mount.name, "optional": mount.optional}}
    if mount.source is MountSource.VOLUME:
        return {"persistentVolumeClaim": {"claimName": mount.name}}
    if "accessModes" in mount.options:
        about: Json = {"metadata": mount.options["metadata"]} if mount.options.get("metadata") else {}
        return {"ephemeral": {"volumeClaimTemplate": {**about, "spec": claim_spec(mount.options)}}}
    return {"emptyDir": {key: mount.options[key] for key in ("medium", "sizeLimit") if key in mount.options}}


def claim_spec(options: Mapping[str, Value]) -> Json:
    """A PersistentVolumeClaim's `spec` from `accessModes`, `size`, `storageClassName`, `volumeName` and `dataSource`."""
    spec: Json = {
        "accessModes": options.get("accessModes") or ["ReadWriteOnce"],
        "resources": {"requests": {"storage": options.get("size") or "1Gi"}},
    }
    return spec | {key: options[key] for key in ("storageClassName", "volumeName", "dataSource") if options.get(key) is not None}


def _name(mount: Mount, body: Json, taken: Mapping[str, Json]) -> str:
    """A unique volume name; the same volume mounted twice has one name."""
    slug = re.sub(r"[^a-z0-9]+", "-", mount.name.lower()).strip("-")[: _LONGEST_NAME - 4].strip("-") or "volume"
    name, number = slug, 1
    while taken.get(name, body) != body:
        number += 1
        name = f"{slug}-{number}"
    return name


def resources(texts: Mapping[str, str], accelerator: str) -> Json:
    """A container's `resources`, from quantities by kflite's names (see `kflite.plans.dag.needs`)."""
    limits = _quantities(texts, "limit") | ({accelerator or "nvidia.com/gpu": texts["gpus"]} if texts.get("gpus") else {})
    requests = _quantities(texts, "request")
    out: Json = {"limits": limits} if limits else {}
    return out | ({"requests": requests} if requests else {})


def _quantities(texts: Mapping[str, str], side: str) -> Json:
    return {kind: texts[f"{kind}_{side}"] for kind in ("cpu", "memory") if texts.get(f"{kind}_{side}")}


def affinity(settings: Mapping[str, Value]) -> Json:
    """The Pod's `affinity` from kfp.kubernetes' `nodeAffinity` and `podAffinity`; {} if there is none.

    A term with a weight is preferred, one without is required; a term in JSON is used unchanged.
    """
    out: Json = {}
    for term in _terms(settings, "nodeAffinity"):
        as_json = term.get("nodeAffinityJson")
        _merge(out, "nodeAffinity", as_json if isinstance(as_json, dict) else _node(term))
    for term in _terms(settings, "podAffinity"):
        _merge(out, "podAntiAffinity" if term.get("anti") else "podAffinity", _pod(term))
    return out


def _terms(settings: Mapping[str, Value], key: str) -> list[Json]:
    terms = settings.get(key)
    return [term for term in terms if isinstance(term, dict)] if isinstance(terms, list) else []


_REQUIRED, _PREFERRED = (f"{word}DuringSchedulingIgnoredDuringExecution" for word in ("required", "preferred"))


def _node(term: Json) -> Json:
    body: Json = {key: term[key] for key in ("matchExpressions", "matchFields") if term.get(key)}
    if term.get("weight"):
        return {_PREFERRED: [{"weight": term["weight"], "preference": body}]}
    return {_REQUIRED: {"nodeSelectorTerms": [body]}}


def _pod(term: Json) -> Json:
    body: Json = {key: term[key] for key in ("topologyKey", "namespaces") if term.get(key)}
    for key, words in (("labelSelector", "Pod"), ("namespaceSelector", "Namespace")):
        labels, expressions = term.get(f"match{words}Labels"), term.get(f"match{words}Expressions")
        selector: Json = {k: v for k, v in (("matchLabels", labels), ("matchExpressions", expressions)) if v}
        body |= {key: selector} if selector else {}
    return {_PREFERRED: [{"weight": term["weight"], "podAffinityTerm": body}]} if term.get("weight") else {_REQUIRED: [body]}


def _merge(out: Json, key: str, more: Json) -> None:
    """Merge terms into `out`; lists are concatenated, the list of node selector terms included."""
    old = out.setdefault(key, {})
    assert isinstance(old, dict)
    for name, item in more.items():
        present = old.get(name)
        if isinstance(present, list) and isinstance(item, list):
            old[name] = [*present, *item]
        elif isinstance(present, dict) and isinstance(item, dict):
            _merge(old, name, item)
        else:
            old[name] = item
