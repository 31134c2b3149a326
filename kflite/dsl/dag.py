"""Writes the tasks of a DAG: each member of a group becomes one, with its inputs, conditions and policies."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from kflite.core.value import Value
from kflite.dsl import trace
from kflite.dsl.channels import Channel
from kflite.dsl.groups import Group, If
from kflite.dsl.loops import ParallelFor
from kflite.dsl.order import refuse_cycles
from kflite.dsl.placeholders import WORKSPACE_PATH_PLACEHOLDER
from kflite.dsl.scope import Scope
from kflite.dsl.settings import cached_by_default, is_placeholder
from kflite.dsl.specs import declare_input, set_constant
from kflite.dsl.task import PipelineTask
from kflite.dsl.types import LIST, ArtifactType, Parameter
from kflite.errors import CompileError

if TYPE_CHECKING:
    from kflite.dsl.compiler import Library
    from kflite.ir.proto import PipelineTaskSpec

WORKSPACE = "/kfp-workspace"  # where KFP mounts it
# Of the enum TriggerStrategy in pipeline_spec.proto.
_ALL_UPSTREAM_TASKS_COMPLETED = 2
_MENTIONED = re.compile(r"\{\{\$\.inputs\.parameters\['(pipelinechannel--[^']+)'\]\}\}")


def write_group(scope: Scope, library: Library) -> None:
    """Write the group's members as tasks of the scope's DAG, and their components into the library."""
    for member in scope.group.members:
        task = scope.spec.dag.tasks[member.name]
        task.task_info.name = (member.settings.label if isinstance(member, PipelineTask) else member.label) or member.name
        if isinstance(member, PipelineTask):
            _write_task(scope, task, member, library)
        else:
            _write_subgroup(scope, task, member, library)
    refuse_cycles(scope)


def _write_task(scope: Scope, task: PipelineTaskSpec, member: PipelineTask, library: Library) -> None:
    platform = _platform(scope, task, member)
    task.component_ref.name = library.name_of(member.component, member.settings, member.name, platform)
    _write_pipeline_config(scope, member, library)
    for name, argument in member.arguments.items():
        if isinstance(argument, Channel):
            scope.bind(task, name, argument, member.location)
        else:
            set_constant(task, name, _channels_as_text(argument))
            _bind_channels_in_text(scope, task, member, argument)
    if _names_workspace([*member.arguments.values(), *member.settings.env.values(), *member.component.words]):
        library.needs_workspace(member.location)
    _write_settings(scope, task, member)
    for predecessor in member.predecessors:
        _write_order(scope, task, member, predecessor)
    _write_trigger(scope, task, member)


def _write_pipeline_config(scope: Scope, member: PipelineTask, library: Library) -> None:
    """Set a nested pipeline's timeout; the task's own takes precedence."""
    requested_config = member.component.requested_config
    if seconds := member.settings.timeout_s or int(float(str(requested_config.get("activeDeadlineSeconds", 0)))):
        library.set_timeouts(scope.name, {member.name: seconds})
    if any(key.startswith("resourceTtl") for key in requested_config):
        what = f"how long a cluster keeps a run is not said by {member.component.name!r}, a part of it"
        trace.warn(f"{what}: give ttl_seconds_after_… to the pipeline around", member.location)


def _names_workspace(value: object) -> bool:
    """Whether a text, also in a list or dict, names the workspace."""
    if isinstance(value, dict | list | tuple):
        return any(map(_names_workspace, value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and (WORKSPACE_PATH_PLACEHOLDER in value or value.startswith(WORKSPACE))


def _platform(scope: Scope, task: PipelineTaskSpec, member: PipelineTask) -> dict[str, Value]:
    """The task's Kubernetes settings. The task waits for the producers of their values, which do not become inputs."""
    if not member.settings.kubernetes:
        return {}
    from google.protobuf.json_format import MessageToDict

    from kflite.dsl.kubernetes.platform import resolved
    from kflite.ir.proto import PipelineTaskSpec

    def bind(value: Value | Channel) -> dict[str, Value]:
        if not isinstance(value, Channel):
            _bind_channels_in_text(scope, task, member, value)
            return {"runtimeValue": {"constant": value}}
        scratch = PipelineTaskSpec()
        scope.bind(scratch, value.key, value, member.location)
        for producer in scratch.dependent_tasks:
            scope.depend(task, producer)
        source: dict[str, Value] = MessageToDict(scratch.inputs.parameters[value.key])
        return source

    return {key: resolved(node, bind) for key, node in member.settings.kubernetes.items()}


def _channels_as_text(value: object) -> object:
    """The constant, with channels in lists and dicts as texts."""
    if isinstance(value, list | tuple):
        return [_channels_as_text(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _channels_as_text(item) for key, item in value.items()}
    return str(value) if isinstance(value, Channel) else value


def _bind_channels_in_text(scope: Scope, task: PipelineTaskSpec, member: PipelineTask, value: object) -> None:
    """Bind the channels that are part of texts in a constant or setting."""
    if isinstance(value, str):
        for key in _MENTIONED.findall(value) if is_placeholder(value) else ():
            channel = member.pipeline.mentioned.get(key)
            if channel is None:
                raise CompileError(f"{member.location}: the text {value!r} names {key} of another pipeline: pass it as an input")
            scope.bind(task, key, channel, member.location)
    elif isinstance(value, Channel):
        scope.bind(task, value.key, value, member.location)
    elif isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            _bind_channels_in_text(scope, task, member, item)


def _write_settings(scope: Scope, task: PipelineTaskSpec, member: PipelineTask) -> None:
    settings = member.settings
    task.caching_options.enable_cache = cached_by_default() if settings.caching is None else settings.caching
    task.caching_options.cache_key = settings.cache_key
    if settings.retry:
        task.retry_policy.max_retry_count = settings.retry.count
        task.retry_policy.backoff_duration.seconds = settings.retry.backoff_s
        task.retry_policy.backoff_duration.SetInParent()
        task.retry_policy.backoff_factor = settings.retry.factor
        task.retry_policy.backoff_max_duration.seconds = settings.retry.longest_s
    texts = {
        "base_image": settings.image,
        "cpu_request": settings.cpu_request,
        "cpu_limit": settings.cpu_limit,
        "memory_request": settings.memory_request,
        "memory_limit": settings.memory_limit,
        "accelerator_type": settings.accelerator_type,
        "accelerator_count": settings.accelerator_limit,
    }
    for name, text in texts.items():
        if is_placeholder(text):
            set_constant(task, name, text)
            _bind_channels_in_text(scope, task, member, text)
    for text in settings.env.values():
        _bind_channels_in_text(scope, task, member, text)


def _write_order(scope: Scope, task: PipelineTaskSpec, member: PipelineTask, predecessor: PipelineTask | Group) -> None:
    """Make the task, or its enclosing group that is a sibling of the predecessor's group, wait."""
    predecessor_path = [
        *(predecessor.group.path if isinstance(predecessor, PipelineTask) else predecessor.path[:-1]),
        predecessor,
    ]
    own_path: list[PipelineTask | Group] = [*scope.group.path, member]
    depth = next((i for i, (a, b) in enumerate(zip(predecessor_path, own_path, strict=False)) if a is not b), 0)
    if depth == 0:
        raise CompileError(f"{member.location}: {member.name}.after() names a group that it is in, or a task of another pipeline")
    for group in predecessor_path[depth:-1]:
        if isinstance(group, If):
            remedy = "put both into the same branch, or let them share an output"
            what = f"{member.name}.after({predecessor.name}) would wait for a branch that may not run"
            raise CompileError(f"{member.location}: {what}: {remedy}")
    while len(own_path) - 1 > depth:
        own_path.pop()
        assert scope.parent
        assert scope.task
        scope, task = scope.parent, scope.task
    scope.depend(task, predecessor_path[depth].name)


def _write_trigger(scope: Scope, task: PipelineTaskSpec, member: PipelineTask) -> None:
    if member.exits:
        scope.depend(task, member.exits.name)
    if member.exits or member.settings.ignore_upstream_failure:
        task.trigger_policy.strategy = _ALL_UPSTREAM_TASKS_COMPLETED
    for name, spec in member.component.interface.inputs.items():
        if spec.is_final_status and name not in member.arguments:
            task.inputs.parameters[name].task_final_status.producer_task = _watched_task(task, member)


def _watched_task(task: PipelineTaskSpec, member: PipelineTask) -> str:
    """The task whose final status a task receives."""
    if member.exits:
        return member.exits.name
    if member.settings.ignore_upstream_failure and len(task.dependent_tasks) == 1:
        return str(task.dependent_tasks[0])
    what = f"{member.name} has an input of type PipelineTaskFinalStatus"
    remedy = "make it the exit task of a dsl.ExitHandler, or let it follow one task with .ignore_upstream_failure()"
    raise CompileError(f"{member.location}: {what}: {remedy}")


def _write_subgroup(scope: Scope, task: PipelineTaskSpec, group: Group, library: Library) -> None:
    task.component_ref.name = library.new_name(group.name)
    name = task.component_ref.name
    inner = Scope(group, library.spec(name), name, scope, task)
    if isinstance(group, If):
        for channel in group.condition.channels:
            inner.own_input(channel, group.location)
        task.trigger_policy.condition = group.condition.cel
    elif isinstance(group, ParallelFor):
        _write_iterator(inner, task, group)
    write_group(inner, library)


def _write_iterator(inner: Scope, task: PipelineTaskSpec, loop: ParallelFor) -> None:
    declare_input(inner.spec, loop.item.key, loop.item.type)
    task.iterator_policy.parallelism_limit = loop.parallelism
    if not loop.parallelism:
        task.ClearField("iterator_policy")
    if not isinstance(loop.items, Channel):
        task.parameter_iterator.items.raw = json.dumps(loop.items)
        task.parameter_iterator.item_input = loop.item.key
        return
    if isinstance(loop.items.type, ArtifactType):
        task.artifact_iterator.items.input_artifact = inner.own_input(loop.items, loop.location)
        task.artifact_iterator.item_input = loop.item.key
    else:
        task.parameter_iterator.items.input_parameter = inner.own_input(loop.items, loop.location, Parameter(LIST))
        task.parameter_iterator.item_input = loop.item.key
