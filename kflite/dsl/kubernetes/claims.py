"""Claims of volumes that outlive a run: tasks create and delete them, which the platform runs without a container."""

from __future__ import annotations

from kflite.dsl import trace
from kflite.dsl.annotations import OutputPath
from kflite.dsl.channels import Channel
from kflite.dsl.container import ContainerComponent, ContainerSpec, container_component
from kflite.dsl.task import Argument, PipelineTask


class _Named(ContainerComponent):
    """A component that takes exactly one of two names."""

    def __call__(self, *arguments: Argument, **named: Argument) -> PipelineTask:
        task = super().__call__(*arguments, **named)
        names = [task.arguments[name] for name in ("pvc_name", "pvc_name_suffix") if name in task.arguments]
        if not names or (len(names) == 2 and not any(isinstance(name, Channel) for name in names)):
            raise trace.refused("kubernetes.CreatePVC() takes either pvc_name or pvc_name_suffix: give one of them")
        return task


@_Named
def CreatePVC(  # noqa: N802 - KFP's name
    name: OutputPath(str),  # type: ignore[valid-type]
    access_modes: list[str],
    size: str,
    pvc_name: str | None = None,
    pvc_name_suffix: str | None = None,
    storage_class_name: str | None = "",
    volume_name: str | None = None,
    annotations: dict[str, str] | None = None,
    data_source: dict[str, str] | None = None,
) -> ContainerSpec:
    """Makes a claim of a volume, whose name is the output `name`.

    Args:
        access_modes: who may mount it, such as ["ReadWriteOnce"] or ["ReadWriteMany"]
        size: of the volume, such as "5Gi"
        pvc_name: the claim's name; either this or pvc_name_suffix is given
        pvc_name_suffix: what the run's name is followed by to make the claim's name
        storage_class_name: of the volume; "" for one that exists already
        volume_name: of a volume that exists already
        annotations: of the claim
        data_source: what the volume is filled from: apiGroup, kind and name of a snapshot or another claim
    """
    return ContainerSpec(image="argostub/createpvc")


@container_component
def DeletePVC(pvc_name: str) -> ContainerSpec:  # noqa: N802 - KFP's name
    """Deletes a claim.

    Args:
        pvc_name: the claim's name
    """
    return ContainerSpec(image="argostub/deletepvc")
