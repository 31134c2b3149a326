"""The language for pipelines: components, and pipelines of them. Compiles to KFP v2 IR.

Lives here: everything that describes a pipeline before it runs. Imports the core, IR and the travelling part of runtime.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kflite.dsl.annotations import EmbeddedInput, Input, InputPath, Output, OutputPath
from kflite.dsl.channels import Collected
from kflite.dsl.component import Component
from kflite.dsl.config import KubernetesWorkspaceConfig, PipelineConfig, WorkspaceConfig
from kflite.dsl.container import ContainerSpec, container_component
from kflite.dsl.groups import Elif, Else, ExitHandler, If
from kflite.dsl.importer import importer
from kflite.dsl.loops import ParallelFor
from kflite.dsl.notebook import notebook_component
from kflite.dsl.oneof import OneOf
from kflite.dsl.pipeline import pipeline
from kflite.dsl.placeholders import (
    PIPELINE_JOB_CREATE_TIME_UTC_PLACEHOLDER,
    PIPELINE_JOB_ID_PLACEHOLDER,
    PIPELINE_JOB_NAME_PLACEHOLDER,
    PIPELINE_JOB_RESOURCE_NAME_PLACEHOLDER,
    PIPELINE_JOB_SCHEDULE_TIME_UTC_PLACEHOLDER,
    PIPELINE_ROOT_PLACEHOLDER,
    PIPELINE_TASK_EXECUTOR_INPUT_PLACEHOLDER,
    PIPELINE_TASK_EXECUTOR_OUTPUT_PATH_PLACEHOLDER,
    PIPELINE_TASK_ID_PLACEHOLDER,
    PIPELINE_TASK_NAME_PLACEHOLDER,
    WORKSPACE_PATH_PLACEHOLDER,
    ConcatPlaceholder,
    IfPresentPlaceholder,
)
from kflite.dsl.python import component
from kflite.dsl.runtime import get_uri, run_notebook
from kflite.dsl.task import PipelineTask as PipelineTask
from kflite.dsl.task_config import TaskConfigField, TaskConfigPassthrough
from kflite.runtime.artifacts import (
    HTML,
    Artifact,
    ClassificationMetrics,
    Dataset,
    Markdown,
    Metrics,
    Model,
    PipelineTaskFinalStatus,
    SlicedClassificationMetrics,
    TaskConfig,
)

if TYPE_CHECKING:
    from kflite.ir import Pipeline

Condition = If

__all__ = [
    "HTML",
    "PIPELINE_JOB_CREATE_TIME_UTC_PLACEHOLDER",
    "PIPELINE_JOB_ID_PLACEHOLDER",
    "PIPELINE_JOB_NAME_PLACEHOLDER",
    "PIPELINE_JOB_RESOURCE_NAME_PLACEHOLDER",
    "PIPELINE_JOB_SCHEDULE_TIME_UTC_PLACEHOLDER",
    "PIPELINE_ROOT_PLACEHOLDER",
    "PIPELINE_TASK_EXECUTOR_INPUT_PLACEHOLDER",
    "PIPELINE_TASK_EXECUTOR_OUTPUT_PATH_PLACEHOLDER",
    "PIPELINE_TASK_ID_PLACEHOLDER",
    "PIPELINE_TASK_NAME_PLACEHOLDER",
    "WORKSPACE_PATH_PLACEHOLDER",
    "Artifact",
    "ClassificationMetrics",
    "Collected",
    "Component",
    "ConcatPlaceholder",
    "Condition",
    "ContainerSpec",
    "Dataset",
    "Elif",
    "Else",
    "EmbeddedInput",
    "ExitHandler",
    "If",
    "IfPresentPlaceholder",
    "Input",
    "InputPath",
    "KubernetesWorkspaceConfig",
    "Markdown",
    "Metrics",
    "Model",
    "OneOf",
    "Output",
    "OutputPath",
    "ParallelFor",
    "PipelineConfig",
    "PipelineTask",
    "PipelineTaskFinalStatus",
    "SlicedClassificationMetrics",
    "TaskConfig",
    "TaskConfigField",
    "TaskConfigPassthrough",
    "WorkspaceConfig",
    "compile",
    "component",
    "container_component",
    "get_uri",
    "importer",
    "notebook_component",
    "pipeline",
    "run_notebook",
]


def compile(target: Component) -> Pipeline:
    """The IR of a pipeline, or of a component as a pipeline of one task. Raises CompileError with file, line and remedy."""
    from kflite.dsl.compiler import compile as compile_now

    return compile_now(target)
