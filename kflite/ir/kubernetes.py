"""The fields of `KubernetesExecutorConfig`, a task's Kubernetes settings, whose message is in no package that kflite needs.

Source: kfp-kubernetes 2.17.3. Unknown fields are kept and reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from kflite.core.value import Value
from kflite.ir.names import child_path, suggestion
from kflite.ir.strict import Problems, described, format_problems, scalar

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor

# Of one field: a scalar, a mapping of texts, the source of a value, anything; or a list of one of these, or a message.
Kind: TypeAlias = "str | list[Kind] | dict[str, Kind]"
TEXT, BOOL, WHOLE, TEXTS, SOURCE, OUTPUT, ANY = "text", "bool", "int64", "texts", "source", "output", "any"

_NULL = "it is null: give a value, or remove the key"
_REQUIREMENTS: Kind = [{"key": TEXT, "operator": TEXT, "values": [TEXT]}]
_METADATA: Kind = {"labels": TEXTS, "annotations": TEXTS}


def _named(kind: str, rest: dict[str, Kind]) -> dict[str, Kind]:
    return {f"{kind}Name": TEXT, f"{kind}NameParameter": SOURCE, **rest}


FIELDS: dict[str, Kind] = {
    "secretAsEnv": [_named("secret", {"keyToEnv": [{"secretKey": TEXT, "envVar": TEXT}], "optional": BOOL})],
    "secretAsVolume": [_named("secret", {"mountPath": TEXT, "optional": BOOL})],
    "configMapAsEnv": [_named("configMap", {"keyToEnv": [{"configMapKey": TEXT, "envVar": TEXT}], "optional": BOOL})],
    "configMapAsVolume": [_named("configMap", {"mountPath": TEXT, "optional": BOOL})],
    "pvcMount": [
        {
            "constant": TEXT,
            "componentInputParameter": TEXT,
            "taskOutputParameter": OUTPUT,
            "pvcNameParameter": SOURCE,
            "mountPath": TEXT,
            "subPath": TEXT,
        }
    ],
    "genericEphemeralVolume": [
        {
            "volumeName": TEXT,
            "mountPath": TEXT,
            "accessModes": [TEXT],
            "size": TEXT,
            "defaultStorageClass": BOOL,
            "storageClassName": TEXT,
            "metadata": _METADATA,
        }
    ],
    "emptyDirMounts": [{"volumeName": TEXT, "mountPath": TEXT, "medium": TEXT, "sizeLimit": TEXT}],
    "enabledSharedMemory": {"volumeName": TEXT, "size": TEXT},
    "fieldPathAsEnv": [{"name": TEXT, "fieldPath": TEXT}],
    "nodeSelector": {"labels": TEXTS, "nodeSelectorJson": SOURCE},
    "nodeAffinity": [
        {"matchExpressions": _REQUIREMENTS, "matchFields": _REQUIREMENTS, "weight": WHOLE, "nodeAffinityJson": SOURCE}
    ],
    "podAffinity": [
        {
            "matchPodExpressions": _REQUIREMENTS,
            "matchPodLabels": TEXTS,
            "topologyKey": TEXT,
            "namespaces": [TEXT],
            "matchNamespaceExpressions": _REQUIREMENTS,
            "matchNamespaceLabels": TEXTS,
            "weight": WHOLE,
            "anti": BOOL,
        }
    ],
    "tolerations": [
        {"key": TEXT, "operator": TEXT, "value": TEXT, "effect": TEXT, "tolerationSeconds": WHOLE, "tolerationJson": SOURCE}
    ],
    "podMetadata": _METADATA,
    "imagePullSecret": [_named("secret", {})],
    "imagePullPolicy": TEXT,
    "activeDeadlineSeconds": WHOLE,
    "securityContext": {"runAsUser": WHOLE, "runAsGroup": WHOLE, "runAsNonRoot": BOOL},
    "initContainers": ANY,
}


def misfits(value: Value, path: str) -> Problems:
    """All (path, problem) of values with a wrong type in an executor's settings."""
    return _misfits(value, FIELDS, path)


def unknown(value: Value, path: str) -> Problems:
    """All (path, explanation) of unknown fields in settings without misfits."""
    return _unknown(value, FIELDS, path)


def sources(value: Value, path: str) -> Iterator[tuple[str, Mapping[str, Value]]]:
    """All (path, source) of dynamic values in settings without misfits."""
    return _sources(value, FIELDS, path)


def _misfits(value: Value, kind: Kind, path: str) -> Problems:
    if value is None:
        yield path, _NULL
    elif isinstance(kind, dict) or kind == TEXTS:
        yield from _in_mapping(value, kind, path)
    elif isinstance(kind, list):
        yield from _in_list(value, kind[0], path)
    elif kind in (SOURCE, OUTPUT):
        yield from format_problems(value, _message(kind), path)
        yield from _nulls(value, path)
    elif kind != ANY and (wrong := scalar(value, kind)):
        yield path, wrong


def _nulls(value: Value, path: str) -> Problems:
    """Keys with a null value, except for constants, which may be null."""
    for key, item in value.items() if isinstance(value, dict) else ():
        if key != "constant":
            yield from [(child_path(path, key), _NULL)] if item is None else _nulls(item, child_path(path, key))


def _in_mapping(value: Value, kind: Kind, path: str) -> Problems:
    if not isinstance(value, dict):
        yield path, f"it must be a mapping, and is {described(value)}"
        return
    for key, item in value.items():
        if not isinstance(kind, dict):
            yield from _misfits(item, TEXT, child_path(path, key))
        elif key in kind:
            yield from _misfits(item, kind[key], child_path(path, key))
        elif (expected := _camel(key)) in kind:
            yield child_path(path, key), f"it is not read under this name: write {expected!r}"


def _in_list(value: Value, kind: Kind, path: str) -> Problems:
    if not isinstance(value, list):
        yield path, f"it must be a list, and is {described(value)}"
        return
    for index, item in enumerate(value):
        yield from _misfits(item, kind, f"{path}[{index}]")


def _unknown(value: Value, kind: Kind, path: str) -> Problems:
    if isinstance(kind, list) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown(item, kind[0], f"{path}[{index}]")
    elif isinstance(kind, dict) and isinstance(value, dict):
        for key, item in value.items():
            if key in kind:
                yield from _unknown(item, kind[key], child_path(path, key))
            else:
                yield child_path(path, key), f"kflite does not know this setting, and leaves it out: {suggestion(key, kind)}"


def _sources(value: Value, kind: Kind, path: str) -> Iterator[tuple[str, Mapping[str, Value]]]:
    if isinstance(kind, list) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _sources(item, kind[0], f"{path}[{index}]")
    elif isinstance(kind, dict) and isinstance(value, dict):
        for key, item in value.items():
            yield from _sources(item, kind.get(key, ANY), child_path(path, key))
    elif kind == SOURCE and isinstance(value, dict):
        yield path, value


def _camel(key: str) -> str:
    head, *rest = key.split("_")
    return head + "".join(word.title() for word in rest)


def _message(kind: str) -> Descriptor:
    from kflite.ir.proto import PipelineTaskSpec

    descriptor: Descriptor = PipelineTaskSpec.DESCRIPTOR
    for name in ("inputs", "parameters", "value", *(("task_output_parameter",) if kind == OUTPUT else ())):
        inner = descriptor.fields_by_name[name].message_type
        assert inner
        descriptor = inner
    return descriptor
