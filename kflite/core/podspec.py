"""What a role asks for, in the words of Kubernetes' API: parts of a Pod's specification. Pure.

Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from kflite.core.job import Mount, Role, Secret, Source
from kflite.core.value import Value

Json: TypeAlias = dict[str, Value]
_LONGEST_NAME = 63  # characters of a volume's name, which is a DNS label


def env(role: Role, variables: Mapping[str, str]) -> list[Json]:
    """The variables, and those that the role's secrets, config maps and facts become in the Pod."""
    plain: list[Json] = [{"name": name, "value": text} for name, text in variables.items()]
    facts: list[Json] = [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in role.facts]
    return [*plain, *map(_entry, role.secrets), *facts]


def _entry(secret: Secret) -> Json:
    kind = "configMapKeyRef" if secret.config else "secretKeyRef"
    return {
        "name": secret.variable,
        "valueFrom": {kind: {"name": secret.name, "key": secret.key, "optional": secret.optional}},
    }


def volumes(mounts: Iterable[Mount]) -> tuple[list[Json], list[Json]]:
    """The Pod's volumes, and where its container mounts them."""
    made: dict[str, Json] = {}
    places: list[Json] = []
    for mount in mounts:
        body = source(mount)
        name = _name(mount, body, made)
        made[name] = body
        place: Json = {"name": name, "mountPath": mount.path}
        places.append(place | ({"subPath": mount.sub_path} if mount.sub_path else {}))
    return [{"name": name, **body} for name, body in made.items()], places


def source(mount: Mount) -> Json:
    """What a volume of the Pod is made from, for what is mounted."""
    if mount.source is Source.SECRET:
        return {"secret": {"secretName": mount.name, "optional": mount.optional}}
    if mount.source is Source.CONFIG_MAP:
        return {"configMap": {"name": mount.name, "optional": mount.optional}}
    if mount.source is Source.VOLUME:
        return {"persistentVolumeClaim": {"claimName": mount.name}}
    if "accessModes" in mount.options:
        about: Json = {"metadata": mount.options["metadata"]} if mount.options.get("metadata") else {}
        return {"ephemeral": {"volumeClaimTemplate": {**about, "spec": claim(mount.options)}}}
    return {"emptyDir": {key: mount.options[key] for key in ("medium", "sizeLimit") if key in mount.options}}


def claim(options: Mapping[str, Value]) -> Json:
    """A claim's specification, from `accessModes`, `size`, `storageClassName`, `volumeName` and `dataSource`."""
    made: Json = {
        "accessModes": options.get("accessModes") or ["ReadWriteOnce"],
        "resources": {"requests": {"storage": options.get("size") or "1Gi"}},
    }
    return made | {key: options[key] for key in ("storageClassName", "volumeName", "dataSource") if options.get(key) is not None}


def _name(mount: Mount, body: Json, taken: Mapping[str, Json]) -> str:
    """A name that no other volume has; the same volume, mounted twice, has one."""
    slug = re.sub(r"[^a-z0-9]+", "-", mount.name.lower()).strip("-")[: _LONGEST_NAME - 4].strip("-") or "volume"
    name, number = slug, 1
    while taken.get(name, body) != body:
        number += 1
        name = f"{slug}-{number}"
    return name


def resources(texts: Mapping[str, str], accelerator: str) -> Json:
    """A container's resources, from quantities by our own names (see `kflite.plans.dag.needs`)."""
    limits = _quantities(texts, "limit") | ({accelerator or "nvidia.com/gpu": texts["gpus"]} if texts.get("gpus") else {})
    requests = _quantities(texts, "request")
    out: Json = {"limits": limits} if limits else {}
    return out | ({"requests": requests} if requests else {})


def _quantities(texts: Mapping[str, str], side: str) -> Json:
    return {kind: texts[f"{kind}_{side}"] for kind in ("cpu", "memory") if texts.get(f"{kind}_{side}")}


def affinity(settings: Mapping[str, Value]) -> Json:
    """The Pod's affinity from `nodeAffinity` and `podAffinity` as kfp.kubernetes has them; {} where there is none.

    A term with a weight is preferred, one without is required; one that was given as JSON is taken as it is.
    """
    out: Json = {}
    for term in _terms(settings, "nodeAffinity"):
        given = term.get("nodeAffinityJson")
        _merge(out, "nodeAffinity", given if isinstance(given, dict) else _node(term))
    for term in _terms(settings, "podAffinity"):
        _merge(out, "podAntiAffinity" if term.get("anti") else "podAffinity", _pod(term))
    return out


def _terms(settings: Mapping[str, Value], key: str) -> list[Json]:
    found = settings.get(key)
    return [term for term in found if isinstance(term, dict)] if isinstance(found, list) else []


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
    """Add terms to those that are there already: lists grow, also the list of node selector terms."""
    held = out.setdefault(key, {})
    assert isinstance(held, dict)
    for name, item in more.items():
        there = held.get(name)
        if isinstance(there, list) and isinstance(item, list):
            held[name] = [*there, *item]
        elif isinstance(there, dict) and isinstance(item, dict):
            _merge(held, name, item)
        else:
            held[name] = item
