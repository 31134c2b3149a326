"""A task's platform settings (kfp.kubernetes), once the values that they take from around the task are known.

A setting takes a value as a task's input does: a constant, an input of the DAG, another task's output. Where that is null the
setting is as if it were not there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple
from typing import Any, TypeAlias

from kflite.core.job import Mount, Secret, Source
from kflite.core.value import Value
from kflite.errors import InputError
from kflite.ir.quantity import memory
from kflite.plans.dag.placeholders import Lookup, fill, text
from kflite.plans.dag.recipe import digest
from kflite.plans.dag.resolve import Unresolved
from kflite.plans.dag.shape import Settings

Document: TypeAlias = Mapping[str, Any]
Bound: TypeAlias = Callable[[Document], Value]
"""From where a setting takes its value, as in the document, to the value."""

_SOURCES = ("runtimeValue", "componentInputParameter", "taskOutputParameter")
_NUMBERS = ("tolerationSeconds", "runAsUser", "runAsGroup")  # protobuf writes 64 bits as text
# What is read into the role's own fields; all else is for a cluster.
_OWN = (
    "secretAsEnv",
    "secretAsVolume",
    "configMapAsEnv",
    "configMapAsVolume",
    "pvcMount",
    "emptyDirMounts",
    "genericEphemeralVolume",
    "fieldPathAsEnv",
    "activeDeadlineSeconds",
)


def settings(config: Document, bound: Bound, lookup: Lookup) -> Settings:
    """The settings in an executor's part of the platform document. Raises Unresolved for one that cannot be read."""
    held = _resolved(dict(config), bound, lookup)
    assert isinstance(held, dict)
    more = {key: value for key, value in _for_a_cluster(held) if value or value is False}
    return Settings(tuple(_secrets(held)), tuple(_mounts(held)), tuple(_facts(held)), more)


def key_parts(held: Settings) -> dict[str, str]:
    """What of them decides a task's result, as part of its cache key."""
    mounts = sorted([m.path, m.source, m.name, m.sub_path] for m in held.mounts)
    variables = sorted([*map(astuple, held.secrets), *held.facts])
    return ({"mounts": digest(mounts)} if mounts else {}) | ({"variables": digest(variables)} if variables else {})


def taken(config: Value) -> Iterator[Document]:
    """Each place in the settings where a value is taken from around the task."""
    for key, item in config.items() if isinstance(config, dict) else enumerate(config) if isinstance(config, list) else ():
        if isinstance(item, dict) and _is_taken(key, item):
            yield item
        else:
            yield from taken(_modern(item))


def _is_taken(key: object, item: Mapping[str, Value]) -> bool:
    return isinstance(key, str) and key.endswith(("Parameter", "Json")) and any(source in item for source in _SOURCES)


def _modern(item: Value) -> Value:
    """A mount of a claim whose name older compilers wrote beside its path."""
    if not isinstance(item, dict) or "mountPath" not in item:
        return item
    old: dict[str, Value] = {key: item[key] for key in ("componentInputParameter", "taskOutputParameter") if key in item}
    rest: dict[str, Value] = {key: value for key, value in item.items() if key not in (*old, "constant")}
    if "pvcNameParameter" in item:
        return rest
    if "constant" in item:
        old = {"runtimeValue": {"constant": item["constant"]}}
    return rest | ({"pvcNameParameter": old} if old else {})


def _resolved(value: Value, bound: Bound, lookup: Lookup) -> Value:
    if isinstance(value, list):
        return [_resolved(_modern(item), bound, lookup) for item in value]
    if not isinstance(value, dict):
        return fill(value, lookup)
    out: dict[str, Value] = {}
    for key, item in value.items():
        plain = bound(item) if isinstance(item, dict) and _is_taken(key, item) else _resolved(item, bound, lookup)
        if plain is not None:
            out[key] = int(plain) if key in _NUMBERS and isinstance(plain, str | float) else plain
    return out


def _list(held: Document, key: str) -> Iterator[dict[str, Value]]:
    yield from (entry for entry in held.get(key, ()) if isinstance(entry, dict))


def _named(held: Document, key: str, kind: str) -> Iterator[tuple[str, dict[str, Value]]]:
    """Entries with their names; one whose name is null is as if it were not there."""
    for entry in _list(held, key):
        if name := text(entry.get(f"{kind}NameParameter") or entry.get(f"{kind}Name")):
            yield name, entry


def _secrets(held: Document) -> Iterator[Secret]:
    for kind, config in (("secret", False), ("configMap", True)):
        for name, entry in _named(held, f"{kind}AsEnv", kind):
            for pair in _list(entry, "keyToEnv"):
                yield Secret(text(pair["envVar"]), name, text(pair[f"{kind}Key"]), bool(entry.get("optional")), config)


def _mounts(held: Document) -> Iterator[Mount]:
    for kind, source in (("secret", Source.SECRET), ("configMap", Source.CONFIG_MAP)):
        for name, entry in _named(held, f"{kind}AsVolume", kind):
            yield Mount(text(entry["mountPath"]), source, name, optional=bool(entry.get("optional")))
    for name, entry in _named(held, "pvcMount", "pvc"):
        yield Mount(text(entry["mountPath"]), Source.VOLUME, name, text(entry.get("subPath")))
    for entry in _list(held, "emptyDirMounts"):
        options = {key: entry[key] for key in ("medium",) if entry.get(key)} | _bytes(entry, "sizeLimit")
        yield Mount(text(entry["mountPath"]), Source.EMPTY, text(entry.get("volumeName")), options=options)
    for entry in _list(held, "genericEphemeralVolume"):
        yield Mount(text(entry["mountPath"]), Source.EMPTY, text(entry.get("volumeName")), options=_ephemeral(entry))


def _bytes(entry: dict[str, Value], key: str) -> dict[str, Value]:
    """A quantity in plain bytes, which executors read without knowing units."""
    try:
        return {key: str(memory(text(entry[key])))} if entry.get(key) else {}
    except InputError as error:
        raise Unresolved(f"{key}: {error}") from None


def _ephemeral(entry: dict[str, Value]) -> dict[str, Value]:
    """What the volume's claim is made from. A storage class of "" is one of its own; the default class is none given."""
    options = {key: entry[key] for key in ("size", "metadata") if entry.get(key)} | {"accessModes": entry.get("accessModes", [])}
    return options | ({} if entry.get("defaultStorageClass") else {"storageClassName": entry.get("storageClassName", "")})


def _facts(held: Document) -> Iterator[tuple[str, str]]:
    return ((text(entry["name"]), text(entry["fieldPath"])) for entry in _list(held, "fieldPathAsEnv"))


def _for_a_cluster(held: dict[str, Value]) -> Iterator[tuple[str, Value]]:
    for key, value in held.items():
        if key == "nodeSelector" and isinstance(value, dict):
            yield key, {**_mapping(value.get("labels"), key), **_mapping(value.get("nodeSelectorJson"), key)}
        elif key == "tolerations":
            yield key, [toleration for entry in _list(held, key) for toleration in _tolerations(entry)]
        elif key == "nodeAffinity":
            yield key, [term for entry in _list(held, key) if (term := _node_affinity(entry))]
        elif key == "imagePullSecret":
            yield key, [name for name, _ in _named(held, key, "secret")]
        elif key == "enabledSharedMemory" and isinstance(value, dict):
            yield key, value | _bytes(value, "size")
        elif key not in _OWN:
            yield key, value


def _tolerations(entry: dict[str, Value]) -> list[Value]:
    """One, or those of a JSON list."""
    given = entry.pop("tolerationJson", None)
    found = _parsed(given) if given is not None else entry
    return [one for one in (found if isinstance(found, list) else [found]) if one]


def _node_affinity(entry: dict[str, Value]) -> dict[str, Value]:
    given = entry.get("nodeAffinityJson")
    return entry if given is None else {"nodeAffinityJson": _mapping(given, "nodeAffinity")}


def _mapping(value: Value, what: str) -> dict[str, Value]:
    found = _parsed(value)
    if found is not None and not isinstance(found, dict):
        raise Unresolved(f"{what} must be a mapping, and is {text(value)[:200]!r}")
    return found or {}


def _parsed(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    try:
        found: Value = json.loads(value)
    except ValueError:
        return value
    return found
