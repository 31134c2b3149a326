"""Volumes in a task's container: secrets and config maps as files, claims, and temporary folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kflite.core.frozen import dataclass
from kflite.core.value import Value
from kflite.dsl.channels import Channel
from kflite.dsl.kubernetes.platform import Bind, Tree, add, append, constant, name_fields, name_of, non_empty, path, put, texts
from kflite.dsl.settings import is_placeholder

if TYPE_CHECKING:
    from kflite.dsl.task import PipelineTask

_OLD_REFERENCES = ("componentInputParameter", "taskOutputParameter")


def use_secret_as_volume(task: PipelineTask, secret_name: str | Channel, mount_path: str, optional: bool = False) -> PipelineTask:
    """Shows a secret's entries as files below `mount_path`. optional: the task runs where the secret does not exist."""
    call = "use_secret_as_volume"
    entry = name_fields("secretName", secret_name, call) | {"mountPath": path(mount_path, call), "optional": optional}
    return add(task, call, "secretAsVolume", entry)


def use_config_map_as_volume(
    task: PipelineTask, config_map_name: str | Channel, mount_path: str, optional: bool = False
) -> PipelineTask:
    """Shows a config map's entries as files below `mount_path`. optional: the task runs where the config map does not exist."""
    call = "use_config_map_as_volume"
    entry = name_fields("configMapName", config_map_name, call) | {"mountPath": path(mount_path, call), "optional": optional}
    return add(task, call, "configMapAsVolume", entry)


@dataclass(frozen=True, slots=True)
class _Claim:
    """The source of a claim's name, in the new field and in the old ones."""

    name: str | Channel
    rest: Mapping[str, Value]

    def resolved(self, bind: Bind) -> Value:
        source = bind(self.name)
        old: dict[str, Value] = {key: source[key] for key in _OLD_REFERENCES if key in source}
        if "parameterExpressionSelector" in source:
            old = {}
        elif isinstance(self.name, str) and not is_placeholder(self.name):
            old = {"constant": self.name}
        return {**old, "pvcNameParameter": source, **self.rest}


def mount_pvc(task: PipelineTask, pvc_name: str | Channel, mount_path: str, sub_path: str = "") -> PipelineTask:
    """Mounts a volume that outlives the run, or a folder of it, at `mount_path`; CreatePVC's output `name` is such a name."""
    call = "mount_pvc"
    rest: dict[str, Value] = {"mountPath": path(mount_path, call)}
    if sub_path:
        rest["subPath"] = constant(sub_path, call, "sub_path")
    return append(task, call, "pvcMount", _Claim(name_of(pvc_name, call), rest))


def add_ephemeral_volume(
    task: PipelineTask,
    volume_name: str,
    mount_path: str,
    access_modes: Sequence[str],
    size: str,
    storage_class_name: str | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> PipelineTask:
    """Mounts an empty volume of `size` ("5Gi") that lives as long as the task.

    storage_class_name: the cluster's default where it is None; labels, annotations: of the claim that is made for it.
    """
    call = "add_ephemeral_volume"
    metadata = {"labels": texts(labels or {}, call, "labels"), "annotations": texts(annotations or {}, call, "annotations")}
    entry: Tree = {
        "volumeName": non_empty(volume_name, call, "volume_name"),
        "mountPath": path(mount_path, call),
        "accessModes": [constant(mode, call, "access_modes") for mode in access_modes],
        "size": non_empty(size, call, "size"),
        "defaultStorageClass": True if storage_class_name is None else None,
        "storageClassName": storage_class_name,
        "metadata": {key: value for key, value in metadata.items() if value},
    }
    return add(
        task, call, "genericEphemeralVolume", entry | ({"defaultStorageClass": True} if storage_class_name is None else {})
    )


def empty_dir_mount(
    task: PipelineTask, volume_name: str, mount_path: str, medium: str | None = None, size_limit: str | None = None
) -> PipelineTask:
    """Mounts an empty folder that lives as long as the task. medium: "Memory" or None; size_limit: such as "5Gi"."""
    call = "empty_dir_mount"
    entry: Tree = {"volumeName": non_empty(volume_name, call, "volume_name"), "mountPath": path(mount_path, call)}
    if medium:
        entry["medium"] = constant(medium, call, "medium")
    if size_limit:
        entry["sizeLimit"] = constant(size_limit, call, "size_limit")
    return add(task, call, "emptyDirMounts", entry)


def enable_shared_memory(task: PipelineTask, size: str = "", volume_name: str = "shared-memory") -> PipelineTask:
    """Gives the task shared memory at /dev/shm. size: the most of it, such as "2Gi"; by default as much as the container has."""
    call = "enable_shared_memory"
    entry: Tree = {"volumeName": non_empty(volume_name, call, "volume_name")}
    if size:
        entry["size"] = non_empty(size, call, "size")
    return put(task, call, "enabledSharedMemory", entry=entry)
