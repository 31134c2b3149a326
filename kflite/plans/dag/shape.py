"""The shape of a pipeline as frozen data: components, tasks, and where their inputs come from.

The words are those of KFP v2 IR (pipeline_spec.proto); `kflite.plans.dag.read` makes the data from documents. Named tuples, as a
dataclass takes four times as long to make, and all of this is imported on the way to the first task.
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
    """A value written in the pipeline; text in it may hold placeholders."""

    value: Value


class FromInput(NamedTuple):
    """An input of the surrounding DAG."""

    name: str


class FromTask(NamedTuple):
    """An output of a task beside this one."""

    task: str
    output: str


class FinalStatus(NamedTuple):
    """How a task beside this one ended."""

    task: str


Source = Constant | FromInput | FromTask | FinalStatus


class Binding(NamedTuple):
    """Where an input comes from; `selector` picks a part of it."""

    source: Source
    selector: str = ""


class Parameter(NamedTuple):
    """A declared parameter; `default` counts only when `has_default`. literals: the only values that it takes, if any."""

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
    """Where the user has, here, the code which is in an image: the folder of a project, and what runs it where no image does.

    file: the component's, where it is kfp's executor that finds it; revision: tells one state of the code from another.
    """

    project: str = ""
    file: str = ""
    revision: str = ""
    packages: tuple[str, ...] = ()
    index_urls: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """What of it decides a result."""
        return tuple(filter(None, (self.revision, *self.packages)))


class Container(NamedTuple):
    """What a container task runs; texts may hold placeholders. platform: its settings as the platform document has them."""

    image: str
    command: tuple[str, ...]
    args: tuple[str, ...]
    env: Mapping[str, str]
    resources: Mapping[str, str]
    timeout_s: float | None
    accelerator: str = ""
    platform: Mapping[str, Any] = {}
    sources: Sources = Sources()


class Settings(NamedTuple):
    """What a role has of them in fields of its own; `more` is what only a cluster can heed, by the names of kfp.kubernetes."""

    secrets: tuple[Secret, ...] = ()
    mounts: tuple[Mount, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    more: Mapping[str, Value] = {}


class Configured(NamedTuple):
    """What a task has beside its command. resources: quantities by our own names; texts may hold placeholders."""

    env: Mapping[str, str]
    resources: Mapping[str, str]
    accelerator: str = ""
    settings: Settings = Settings()


class Importer(NamedTuple):
    """An artifact that exists already; `uri` is a constant or an input parameter's name.

    anew: to be fetched whatever was fetched before; workspace: tasks see a copy in the run's workspace.
    """

    uri: Binding
    kind: ArtifactKind
    anew: bool = False
    workspace: bool = False


class Loop(NamedTuple):
    """Items of a ParallelFor: given, or from an input; each becomes the input `item`. limit: iterations at once, 0 for all."""

    item: str
    raw: str = ""
    source: str = ""
    artifacts: bool = False
    limit: int = 0


class Task(NamedTuple):
    """A task of a DAG. always: run once its parents ended, however they ended. timeout_s: of a pipeline as a whole, or 0."""

    name: str
    title: str
    component: str
    parameters: Mapping[str, Binding]
    artifacts: Mapping[str, Binding]
    parents: tuple[int, ...]
    condition: str = ""
    always: bool = False
    loop: Loop | None = None
    retry: RetryPolicy = RetryPolicy()
    cache: bool = False
    cache_key: str = ""
    timeout_s: float = 0.0


@dataclass(frozen=True)
class Dag:
    """Tasks in the document's order, children by index, and where the DAG's own outputs come from.

    Where an output has several sources, it is the first that has a value.
    """

    tasks: tuple[Task, ...]
    children: tuple[tuple[int, ...], ...]
    parameters: Mapping[str, tuple[FromTask, ...]]
    artifacts: Mapping[str, tuple[FromTask, ...]]

    @cached_property
    def index(self) -> dict[str, int]:
        """Each task's index by its name."""
        return {task.name: i for i, task in enumerate(self.tasks)}


class Component(NamedTuple):
    """What a task does, and what goes in and comes out.

    passthroughs: settings that its TASK_CONFIG input holds, by field; true for one that the task has as well.
    """

    name: str
    inputs: Mapping[str, Parameter]
    input_artifacts: Mapping[str, ArtifactKind]
    outputs: Mapping[str, Parameter]
    output_artifacts: Mapping[str, ArtifactKind]
    body: Dag | Container | Importer
    passthroughs: Mapping[str, bool] = {}

    @property
    def configures(self) -> bool:
        """Whether it starts other work with the task's settings."""
        return bool(self.passthroughs) or any(declared.type == "TASK_CONFIG" for declared in self.inputs.values())
