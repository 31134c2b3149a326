"""The shape of a pipeline as frozen data: components, tasks, and the sources of their inputs.

The terms are those of KFP v2 IR (pipeline_spec.proto); `kflite.plans.dag.read` creates the data from documents. These are named
tuples because defining a dataclass takes four times as long, and this module is imported before the first task starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from kflite.core.job import Mount, Secret
from kflite.core.plan import RetryPolicy
from kflite.core.value import Value


class Constant(NamedTuple):
    """A value in the pipeline; text in it may contain placeholders."""

    value: Value


class FromInput(NamedTuple):
    """An input of the task's DAG."""

    name: str


class FromTask(NamedTuple):
    """An output of a sibling task."""

    task: str
    output: str


class FinalStatus(NamedTuple):
    """The final status of a sibling task."""

    task: str


Source = Constant | FromInput | FromTask | FinalStatus


class Binding(NamedTuple):
    """The source of an input; `selector` selects a part of the value."""

    source: Source
    selector: str = ""


class ParameterSpec(NamedTuple):
    """A declared parameter; `default` is valid only if `has_default`. literals: the only values allowed, if any."""

    type: str
    optional: bool = False
    has_default: bool = False
    default: Value = None
    literals: tuple[Value, ...] = ()


class ArtifactKind(NamedTuple):
    """A declared artifact, or list of artifacts."""

    type: str
    version: str = "0.0.1"
    many: bool = False
    optional: bool = False
    metadata: Mapping[str, Value] | None = None


class Sources(NamedTuple):
    """The user's copy, on this machine, of the code in an image: a project folder, and the packages that it needs.

    file: the component's module, if kfp's executor imports it; revision: identifies the state of the code.
    """

    project: str = ""
    file: str = ""
    revision: str = ""
    packages: tuple[str, ...] = ()
    index_urls: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """The parts that may change a result, for cache keys."""
        return tuple(filter(None, (self.revision, *self.packages)))


class Container(NamedTuple):
    """A container to run; texts may contain placeholders. platform: its settings in the platform document."""

    image: str
    command: tuple[str, ...]
    args: tuple[str, ...]
    env: Mapping[str, str]
    resources: Mapping[str, str]
    timeout_s: float | None
    accelerator: str = ""
    platform: Mapping[str, Any] = {}
    sources: Sources = Sources()


class PlatformSettings(NamedTuple):
    """Settings of kfp.kubernetes. cluster_fields: those for clusters only, by the names of kfp.kubernetes."""

    secrets: tuple[Secret, ...] = ()
    mounts: tuple[Mount, ...] = ()
    downward_api: tuple[tuple[str, str], ...] = ()
    cluster_fields: Mapping[str, Value] = {}


class ContainerConfig(NamedTuple):
    """A container's configuration. resources: quantities by kflite's names; texts may contain placeholders."""

    env: Mapping[str, str]
    resources: Mapping[str, str]
    accelerator: str = ""
    settings: PlatformSettings = PlatformSettings()


class ImporterSpec(NamedTuple):
    """An artifact that exists already; `uri` is a constant or an input parameter's name.

    reimport: download it again in each run; workspace: tasks see a copy in the run's workspace.
    """

    uri: Binding
    kind: ArtifactKind
    reimport: bool = False
    workspace: bool = False


class LoopSpec(NamedTuple):
    """A ParallelFor over JSON (`raw`) or an input (`source`); each value becomes the input `item`. limit: 0 for no limit."""

    item: str
    raw: str = ""
    source: str = ""
    artifacts: bool = False
    limit: int = 0


class TaskSpec(NamedTuple):
    """A task of a DAG. always: it runs when its parents have ended, in any state. timeout_s: of a nested pipeline, or 0."""

    name: str
    title: str
    component: str
    parameters: Mapping[str, Binding]
    artifacts: Mapping[str, Binding]
    parents: tuple[int, ...]
    condition: str = ""
    always: bool = False
    loop: LoopSpec | None = None
    retry: RetryPolicy = RetryPolicy()
    cache: bool = False
    cache_key: str = ""
    timeout_s: float = 0.0


@dataclass(frozen=True)
class Dag:
    """Tasks in the document's order, each task's children by index, and the sources of the DAG's outputs.

    If an output has several sources, the first one with a value is used.
    """

    tasks: tuple[TaskSpec, ...]
    children: tuple[tuple[int, ...], ...]
    parameters: Mapping[str, tuple[FromTask, ...]]
    artifacts: Mapping[str, tuple[FromTask, ...]]

    @cached_property
    def index(self) -> dict[str, int]:
        """The index of each task, by name."""
        return {task.name: i for i, task in enumerate(self.tasks)}


class ComponentSpec(NamedTuple):
    """A task's interface and implementation.

    passthroughs: the settings in its TASK_CONFIG input, by field; true if the setting also applies to the task itself.
    """

    name: str
    inputs: Mapping[str, ParameterSpec]
    input_artifacts: Mapping[str, ArtifactKind]
    outputs: Mapping[str, ParameterSpec]
    output_artifacts: Mapping[str, ArtifactKind]
    body: Dag | Container | ImporterSpec
    passthroughs: Mapping[str, bool] = {}

    @property
    def configures(self) -> bool:
        """Whether it receives its task's settings in order to start other work with them."""
        return bool(self.passthroughs) or any(declared.type == "TASK_CONFIG" for declared in self.inputs.values())
