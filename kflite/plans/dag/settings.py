"""A task's platform settings (kfp.kubernetes), with their dynamic values resolved.

Like a task's input, a setting is a constant, an input of the DAG, or another task's output. A null setting is ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple
from typing import Any, TypeAlias

from kflite.core.job import Mount, MountSource, Secret
from kflite.core.value import Value
from kflite.errors import InputError
from kflite.ir.quantity import memory
from kflite.plans.dag.placeholders import Lookup, fill, text
from kflite.plans.dag.recipe import digest
from kflite.plans.dag.resolve import Unresolved, from_json
from kflite.plans.dag.shape import PlatformSettings

Document: TypeAlias = Mapping[str, Any]
ValueOf: TypeAlias = Callable[[Document], Value]
"""Maps the source of a setting's value, as in the document, to the value."""

_SOURCES = ("runtimeValue", "componentInputParameter", "taskOutputParameter")
_NUMBERS = ("tolerationSeconds", "runAsUser", "runAsGroup")  # protobuf writes 64-bit integers as text
# These become fields of the role; all others are for clusters only.
_ROLE_FIELDS = (
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


def platform_settings(config: Document, value_of: ValueOf, lookup: Lookup) -> PlatformSettings:
    """The settings in an executor's part of the platform document. Raises Unresolved for an invalid one."""
    resolved = _resolved(dict(config), value_of, lookup)
    assert isinstance(resolved, dict)
    more = {key: value for key, value in _cluster_fields(resolved) if value or value is False}
    return PlatformSettings(tuple(_secrets(resolved)), tuple(_mounts(resolved)), tuple(_downward_api(resolved)), more)


def key_parts(settings: PlatformSettings) -> dict[str, str]:
    """The cache key parts for settings that may change a task's result."""
    mounts = sorted([m.path, m.source, m.name, m.sub_path] for m in settings.mounts)
    variables = sorted([*map(astuple, settings.secrets), *settings.downward_api])
    return ({"mounts": digest(mounts)} if mounts else {}) | ({"variables": digest(variables)} if variables else {})


def dynamic_values(config: Value) -> Iterator[Document]:
    """All dynamic values in the settings, as documents that name their source."""
    for key, item in config.items() if isinstance(config, dict) else enumerate(config) if isinstance(config, list) else ():
        if isinstance(item, dict) and _is_dynamic(key, item):
            yield item
        else:
            yield from dynamic_values(_without_old_form(item))


def _is_dynamic(key: object, item: Mapping[str, Value]) -> bool:
    return isinstance(key, str) and key.endswith(("Parameter", "Json")) and any(source in item for source in _SOURCES)


def _without_old_form(item: Value) -> Value:
    """A mount with `pvcNameParameter`; older compilers wrote the claim's name next to the path."""
    if not isinstance(item, dict) or "mountPath" not in item:
        return item
    old: dict[str, Value] = {key: item[key] for key in ("componentInputParameter", "taskOutputParameter") if key in item}
    rest: dict[str, Value] = {key: value for key, value in item.items() if key not in (*old, "constant")}
    if "pvcNameParameter" in item:
        return rest
    if "constant" in item:
        old = {"runtimeValue": {"constant": item["constant"]}}
    return rest | ({"pvcNameParameter": old} if old else {})


def _resolved(value: Value, value_of: ValueOf, lookup: Lookup) -> Value:
    if isinstance(value, list):
        return [_resolved(_without_old_form(item), value_of, lookup) for item in value]
    if not isinstance(value, dict):
        return fill(value, lookup)
    out: dict[str, Value] = {}
    for key, item in value.items():
        plain = value_of(item) if isinstance(item, dict) and _is_dynamic(key, item) else _resolved(item, value_of, lookup)
        if plain is not None:
            out[key] = int(plain) if key in _NUMBERS and isinstance(plain, str | float) else plain
    return out


def _list(resolved: Document, key: str) -> Iterator[dict[str, Value]]:
    yield from (entry for entry in resolved.get(key, ()) if isinstance(entry, dict))


def _named(resolved: Document, key: str, kind: str) -> Iterator[tuple[str, dict[str, Value]]]:
    """Entries with their names; an entry whose name is null is ignored."""
    for entry in _list(resolved, key):
        if name := text(entry.get(f"{kind}NameParameter") or entry.get(f"{kind}Name")):
            yield name, entry


def _secrets(resolved: Document) -> Iterator[Secret]:
    for kind, config in (("secret", False), ("configMap", True)):
        for name, entry in _named(resolved, f"{kind}AsEnv", kind):
            for pair in _list(entry, "keyToEnv"):
                yield Secret(text(pair["envVar"]), name, text(pair[f"{kind}Key"]), bool(entry.get("optional")), config)


def _mounts(resolved: Document) -> Iterator[Mount]:
    for kind, source in (("secret", MountSource.SECRET), ("configMap", MountSource.CONFIG_MAP)):
        for name, entry in _named(resolved, f"{kind}AsVolume", kind):
            yield Mount(text(entry["mountPath"]), source, name, optional=bool(entry.get("optional")))
    for name, entry in _named(resolved, "pvcMount", "pvc"):
        yield Mount(text(entry["mountPath"]), MountSource.VOLUME, name, text(entry.get("subPath")))
    for entry in _list(resolved, "emptyDirMounts"):
        options = {key: entry[key] for key in ("medium",) if entry.get(key)} | _bytes(entry, "sizeLimit")
        yield Mount(text(entry["mountPath"]), MountSource.EMPTY, text(entry.get("volumeName")), options=options)
    for entry in _list(resolved, "genericEphemeralVolume"):
        yield Mount(text(entry["mountPath"]), MountSource.EMPTY, text(entry.get("volumeName")), options=_ephemeral(entry))


def _bytes(entry: dict[str, Value], key: str) -> dict[str, Value]:
    """A quantity in bytes, so that executors need not parse units."""
    try:
        return {key: str(memory(text(entry[key])))} if entry.get(key) else {}
    except InputError as error:
        raise Unresolved(f"{key}: {error}") from None


def _ephemeral(entry: dict[str, Value]) -> dict[str, Value]:
    """The options of the volume's claim. A storage class of "" is a class of that name; without one, the default applies."""
    options = {key: entry[key] for key in ("size", "metadata") if entry.get(key)} | {"accessModes": entry.get("accessModes", [])}
    return options | ({} if entry.get("defaultStorageClass") else {"storageClassName": entry.get("storageClassName", "")})


def _downward_api(resolved: Document) -> Iterator[tuple[str, str]]:
    return ((text(entry["name"]), text(entry["fieldPath"])) for entry in _list(resolved, "fieldPathAsEnv"))


def _cluster_fields(resolved: dict[str, Value]) -> Iterator[tuple[str, Value]]:
    for key, value in resolved.items():
        if key == "nodeSelector" and isinstance(value, dict):
            yield key, {**_mapping(value.get("labels"), key), **_mapping(value.get("nodeSelectorJson"), key)}
        elif key == "tolerations":
            yield key, [toleration for entry in _list(resolved, key) for toleration in _tolerations(entry)]
        elif key == "nodeAffinity":
            yield key, [term for entry in _list(resolved, key) if (term := _node_affinity(entry))]
        elif key == "imagePullSecret":
            yield key, [name for name, _ in _named(resolved, key, "secret")]
        elif key == "enabledSharedMemory" and isinstance(value, dict):
            yield key, value | _bytes(value, "size")
        elif key not in _ROLE_FIELDS:
            yield key, value


def _tolerations(entry: dict[str, Value]) -> list[Value]:
    """An entry is one toleration, or a JSON list of them."""
    as_json = entry.pop("tolerationJson", None)
    parsed = from_json(as_json) if as_json is not None else entry
    return [toleration for toleration in (parsed if isinstance(parsed, list) else [parsed]) if toleration]


def _node_affinity(entry: dict[str, Value]) -> dict[str, Value]:
    as_json = entry.get("nodeAffinityJson")
    return entry if as_json is None else {"nodeAffinityJson": _mapping(as_json, "nodeAffinity")}


def _mapping(value: Value, what: str) -> dict[str, Value]:
    parsed = from_json(value)
    if parsed is not None and not isinstance(parsed, dict):
        raise Unresolved(f"{what} must be a mapping, and is {text(value)[:200]!r}")
    return parsed or {}
