"""The modules of kfp that components use at run time, created in memory if kfp is not installed.

The text of this file travels in a component's command (see kflite.runtime.kfp_shim). Source: the public names of kfp 2.17 under
`_KFP_RUNTIME=true`, by their documentation.
"""

from __future__ import annotations

import sys
import typing

from kflite.runtime.artifacts import ARTIFACTS, TYPE_CHECKING, Artifact, PipelineTaskFinalStatus, TaskConfig
from kflite.runtime.component_env import no_notebook

if TYPE_CHECKING:
    from types import ModuleType

    from kflite.runtime.artifacts import Json

_VERSION = "2.17.0"  # whose names these are


class InputAnnotation:
    """Marks an input."""


class OutputAnnotation:
    """Marks an output."""


class EmbeddedAnnotation:
    """Marks an input that is embedded in the component's code."""


class Marked:
    """Replaces `typing.Annotated` before Python 3.9."""

    def __init__(self, kind: object, marker: type) -> None:
        self.__args__, self.__metadata__ = (kind,), (marker,)

    def __getitem__(self, kind: object) -> Marked:
        return Marked(kind, self.__metadata__[0])

    def __call__(self) -> None:
        raise TypeError("this is an annotation, which typing takes only where it can be called")


def _generic(marker: type) -> object:
    """The generic annotation of a marker, such as `Input[T]`."""
    return typing.Annotated[typing.TypeVar("T"), marker] if hasattr(typing, "Annotated") else Marked(None, marker)


class InputPath:
    """Annotates an input that is passed as the path of a file with its value."""

    def __init__(self, type: object = None) -> None:
        self.type = type


class OutputPath:
    """Annotates an output that the code writes to a file."""

    def __init__(self, type: object = None) -> None:
        self.type = type


# Pipelines pass these to tasks to name the run; at run time they are plain texts.
_PLACEHOLDERS = {
    "PIPELINE_JOB_NAME": ".pipeline_job_name",
    "PIPELINE_JOB_RESOURCE_NAME": ".pipeline_job_resource_name",
    "PIPELINE_JOB_ID": ".pipeline_job_uuid",
    "PIPELINE_JOB_CREATE_TIME_UTC": ".pipeline_job_create_time_utc",
    "PIPELINE_JOB_SCHEDULE_TIME_UTC": ".pipeline_job_schedule_time_utc",
    "PIPELINE_TASK_NAME": ".pipeline_task_name",
    "PIPELINE_TASK_ID": ".pipeline_task_uuid",
    "PIPELINE_TASK_EXECUTOR_OUTPUT_PATH": ".outputs.output_file",
    "PIPELINE_TASK_EXECUTOR_INPUT": "",
    "PIPELINE_ROOT": ".pipeline_root",
    "WORKSPACE_PATH": ".workspace_path",
}
_MARKERS = (InputAnnotation, OutputAnnotation, EmbeddedAnnotation)


def modules(folder: str) -> dict[str, Json]:
    """The names of each module. folder: the task's, for `get_uri`."""
    folder_artifact = Artifact()
    folder_artifact.path = folder

    def get_uri(suffix: str = "Output") -> str:
        return f"{folder_artifact.uri}/{suffix}"

    kinds: Json = {kind.__name__: kind for kind in ARTIFACTS}
    artifact_types = {**kinds, "get_uri": get_uri}
    annotations: Json = {kind.__name__: kind for kind in (InputPath, OutputPath, *_MARKERS)}
    placeholders = {f"{name}_PLACEHOLDER": "{{$" + path + "}}" for name, path in _PLACEHOLDERS.items()}
    generics = {"Input": _generic(InputAnnotation), "Output": _generic(OutputAnnotation)}
    tasks = {"TaskConfig": TaskConfig, "PipelineTaskFinalStatus": PipelineTaskFinalStatus, "run_notebook": no_notebook}
    public = {**artifact_types, **generics, **tasks, **placeholders, "InputPath": InputPath, "OutputPath": OutputPath}
    dsl = {**public, **annotations, "EmbeddedInput": _generic(EmbeddedAnnotation), "__all__": list(public)}
    return {
        "kfp": {"__version__": _VERSION, "TYPE_CHECK": True},
        "kfp.version": {"__version__": _VERSION},
        "kfp.v2": {},
        "kfp.v2.dsl": dsl,
        "kfp.dsl": dsl,
        "kfp.dsl.constants": {"WORKSPACE_MOUNT_PATH": "/kfp-workspace"},
        "kfp.dsl.notebook_helpers": {"run_notebook": no_notebook},
        "kfp.dsl.task_config": {"TaskConfig": TaskConfig},
        "kfp.dsl.task_final_status": {"PipelineTaskFinalStatus": PipelineTaskFinalStatus},
        "kfp.dsl.types": {},
        "kfp.dsl.types.artifact_types": artifact_types,
        "kfp.dsl.types.type_annotations": annotations,
    }


def install(folder: str, path: list[str]) -> None:
    """Let `import kfp` find these modules. path: folders with other parts of kfp, such as its pipeline specification."""
    for name, content in modules(folder).items():
        module: ModuleType = type(sys)(name)
        module.__dict__.update(content)
        module.__spec__ = type(sys.__spec__)(name, None)
        if name in ("kfp", "kfp.v2", "kfp.dsl", "kfp.dsl.types"):
            module.__path__ = path if name == "kfp" else []
        sys.modules[name] = module
        parent, _, leaf = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], leaf, module)
    for kind in ARTIFACTS:
        kind.__module__ = "kfp.dsl.types.artifact_types"
