"""One DAG being written: passes channels to tasks through nested groups.

A value enters and leaves a group only through the group's inputs and outputs, so each group on the way gets one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kflite.dsl.channels import Channel, Collected, ItemField, LoopItem, OutputChannel, PipelineInput
from kflite.dsl.groups import Branches, Group, If
from kflite.dsl.loops import ParallelFor
from kflite.dsl.oneof import OneOf
from kflite.dsl.specs import add_output, declare_input, declare_output
from kflite.dsl.types import ArtifactType, Type
from kflite.errors import CompileError

if TYPE_CHECKING:
    from kflite.ir.proto import ComponentSpec, PipelineTaskSpec


class Scope:
    """A group's DAG. spec: its component, called `name`; task: the task in the parent's DAG that runs it."""

    def __init__(
        self, group: Group, spec: ComponentSpec, name: str, parent: Scope | None = None, task: PipelineTaskSpec | None = None
    ) -> None:
        self.group, self.spec, self.name, self.parent, self.task = group, spec, name, parent, task
        self.children: dict[int, Scope] = {}
        self._inputs: set[str] = set()
        self._outputs: dict[tuple[type[Channel], str], str] = {}
        if parent:
            parent.children[id(group)] = self

    def bind(self, task: PipelineTaskSpec, name: str, channel: Channel, user: str) -> None:
        """Make the channel the input `name` of a task of this DAG. user: the location in the code, for errors."""
        artifact = isinstance(channel.type, ArtifactType)
        if isinstance(channel, OutputChannel | Collected):
            producer = self._producer(channel, user)
            if producer:
                self._bind_output(task, name, artifact, *producer)
                return
        source = channel.item if isinstance(channel, ItemField) else channel
        key = self.own_input(source, user)
        if artifact:
            task.inputs.artifacts[name].component_input_artifact = key
            return
        task.inputs.parameters[name].component_input_parameter = key
        if isinstance(channel, ItemField):
            task.inputs.parameters[name].parameter_expression_selector = channel.selector

    def depend(self, task: PipelineTaskSpec, producer: str) -> None:
        """Make a task of this DAG wait for another one."""
        if producer not in task.dependent_tasks:
            task.dependent_tasks.append(producer)
            task.dependent_tasks.sort()

    def select(self, channel: Channel, user: str) -> tuple[str, str]:
        """The task of this DAG that produces the channel, and its output's name. Raises CompileError if there is none."""
        producer = self._producer(channel, user) if isinstance(channel, OutputChannel | Collected) else None
        if producer is None:
            raise CompileError(f"{user}: {channel.title} is no output of a task in this group")
        return producer

    def _bind_output(self, task: PipelineTaskSpec, name: str, artifact: bool, producer: str, output: str) -> None:
        if artifact:
            spec = task.inputs.artifacts[name].task_output_artifact
            spec.producer_task, spec.output_artifact_key = producer, output
        else:
            value = task.inputs.parameters[name].task_output_parameter
            value.producer_task, value.output_parameter_key = producer, output
        self.depend(task, producer)

    def own_input(self, channel: Channel, user: str, type: Type | None = None) -> str:
        """The channel's name among this group's inputs; the parent passes it in. type: declared instead of the channel's."""
        if isinstance(channel, PipelineInput) and self.parent is None:
            return channel.name
        if isinstance(channel, LoopItem) and channel.loop is self.group:
            return channel.key
        if self.parent is None or self.task is None:
            raise CompileError(
                f"{user}: {channel.title} is used outside of the loop or pipeline that it belongs to: use it inside"
            )
        if channel.key not in self._inputs:
            self._inputs.add(channel.key)
            declare_input(self.spec, channel.key, type or channel.type)
            self.parent.bind(self.task, channel.key, channel, user)
        return channel.key

    def _producer(self, channel: OutputChannel | Collected, user: str) -> tuple[str, str] | None:
        """The task here that produces the channel, and its output; None if the producer is outside this group."""
        inner = channel.inner if isinstance(channel, Collected) else channel
        path = inner.home.path
        depth = next((level for level, group in enumerate(path) if group is self.group), None)
        if depth is None:
            return None
        if depth == len(path) - 1:
            if isinstance(channel, Collected):
                raise CompileError(f"{user}: {inner.title} is not in a dsl.ParallelFor here: pass it without dsl.Collected")
            self._join(inner, user)
            return inner.producer.name, inner.output
        _check_way_out(channel, path[depth + 1 :], user)
        child = self.children[id(path[depth + 1])]
        return child.group.name, child.output_for(channel, user, path[depth + 1 :])

    def output_for(self, channel: OutputChannel | Collected, user: str, path: list[Group]) -> str:
        """The name of this group's output for the channel. path: the groups from this one to the producer's."""
        inner = channel.inner if isinstance(channel, Collected) else channel
        known = (type(channel), channel.key)
        if known in self._outputs:
            return self._outputs[known]
        if len(path) == 1:
            self._join(inner, user)
            selected = (inner.producer.name, inner.output)
        else:
            child = self.children[id(path[1])]
            selected = (child.group.name, child.output_for(channel, user, path[1:]))
        name = self._outputs[known] = channel.key if self.is_free(channel.key) else f"{channel.key}-collected"
        declare_output(self.spec, name, channel.type)
        add_output(self.spec, name, channel.type, selected)
        return name

    def is_free(self, key: str) -> bool:
        """Whether the group has no output with this name."""
        return key not in self.spec.output_definitions.parameters and key not in self.spec.output_definitions.artifacts

    def _join(self, inner: OutputChannel, user: str) -> None:
        """Write the output of a dsl.OneOf, once."""
        if not isinstance(inner, OneOf):
            return
        scope = self.children[id(inner.branches)]
        if not scope.is_free(inner.key):
            return
        declare_output(scope.spec, inner.key, inner.type)
        for channel in inner.channels:
            add_output(scope.spec, inner.key, inner.type, scope.branch(channel, user), one_of=True)

    def branch(self, channel: OutputChannel | Collected, user: str) -> tuple[str, str]:
        """The branch of this group that contains the channel, and the branch's output for it."""
        inner = channel.inner if isinstance(channel, Collected) else channel
        path = inner.home.path
        level = next(i for i, group in enumerate(path) if group.parent is self.group)
        _check_way_out(channel, path[level + 1 :], user)
        return path[level].name, self.children[id(path[level])].output_for(channel, user, path[level:])


def _check_way_out(channel: OutputChannel | Collected, groups: list[Group], user: str) -> None:
    """Refuse a value that leaves a loop without dsl.Collected, or a branch without dsl.OneOf. groups: outermost first."""
    collected = isinstance(channel, Collected)
    for group in groups:
        if isinstance(group, ParallelFor):
            if collected:
                return
            raise CompileError(f"{user}: {channel.title} has a value for each item of a loop: pass dsl.Collected of it")
        if isinstance(group, If | Branches):
            remedy = "join the branches' outputs by dsl.OneOf, or use it inside the branch"
            raise CompileError(f"{user}: {channel.title} has no value when its branch does not run: {remedy}")
    if collected:
        raise CompileError(f"{user}: {channel.title} is not in a dsl.ParallelFor: pass it without dsl.Collected")
