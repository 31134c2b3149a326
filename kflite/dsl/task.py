"""A task: a component with arguments and settings in a group of the pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Self, TypeAlias

from kflite.dsl import trace
from kflite.dsl.channels import Channel, TaskOutput
from kflite.dsl.groups import ExitHandler, Group
from kflite.dsl.settings import RetrySettings, TaskSettings, cores, gigabytes, is_placeholder, seconds

if TYPE_CHECKING:
    from kflite.dsl.component import Component

# A JSON constant, or a channel; also lists and dicts that contain channels.
Argument: TypeAlias = object


class PipelineTask:
    """A call of a component in a pipeline; methods return the task, so that they can be chained."""

    def __init__(self, component: Component, arguments: Mapping[str, Argument]) -> None:
        pipeline = trace.current(f"{component.name}() is called")
        self.pipeline = pipeline
        self.component = component
        self.arguments = arguments
        self.name = pipeline.task_name(component.name)
        self.group = pipeline.groups[-1]
        self.location = trace.caller()
        self.settings = TaskSettings()
        self.predecessors: list[PipelineTask | Group] = []
        self.exits: ExitHandler | None = None
        self.outputs = TaskOutputs(self)
        self.group.members.append(self)

    @property
    def output(self) -> TaskOutput:
        """The only output. Raises CompileError if there are none, or several."""
        names = list(self.component.interface.outputs)
        if len(names) != 1:
            remedy = f"use .outputs[...] with one of {names}" if names else "declare one by a return type or dsl.Output[...]"
            raise trace.refused(f"{self.component.name} has {len(names) or 'no'} outputs: {remedy}")
        return self.outputs[names[0]]

    def after(self, *tasks: PipelineTask | Group) -> Self:
        """Start only after these tasks (or loops, exit handlers) have succeeded."""
        for task in tasks:
            if task is self or not isinstance(task, PipelineTask | Group):
                raise trace.refused(f"{self.name}.after() takes other tasks, not {task!r}")
        self.predecessors += tasks
        return self

    def ignore_upstream_failure(self) -> Self:
        """Start when all upstream tasks have ended, even if they failed; inputs use defaults for missing outputs."""
        for name, argument in self.arguments.items():
            if isinstance(argument, Channel) and not self.component.interface.inputs[name].optional:
                why = f"the input {name!r} of {self.component.name} comes from another task and has no default"
                raise trace.refused(f"ignore_upstream_failure(): {why}: give it one in the signature")
        self.settings.ignore_upstream_failure = True
        return self

    def set_retry(
        self,
        num_retries: int,
        backoff_duration: str | float | None = None,
        backoff_factor: float | None = None,
        backoff_max_duration: str | float | None = None,
    ) -> Self:
        """Retry after failures. Durations: seconds, or texts like "30s"; by default 0 s, factor 2, at most 1 h."""
        if num_retries < 0 or (backoff_factor is not None and backoff_factor <= 0):
            raise trace.refused("set_retry() takes num_retries of 0 or more, and a backoff_factor above 0")
        self.own_container("set_retry").retry = RetrySettings(
            num_retries,
            seconds(backoff_duration or 0),
            2.0 if backoff_factor is None else float(backoff_factor),
            3600 if backoff_max_duration is None else seconds(backoff_max_duration),
        )
        return self

    def set_caching_options(self, enable_caching: bool, cache_key: str | None = None) -> Self:
        """Whether an earlier result may be reused. cache_key: replaces the computed key."""
        self.settings.caching, self.settings.cache_key = enable_caching, cache_key or ""
        return self

    def set_display_name(self, name: str) -> Self:
        """Set the display name."""
        self.settings.label = name
        return self

    def set_env_variable(self, name: str, value: str) -> Self:
        """Set an environment variable of the process or container."""
        self.own_container("set_env_variable").env[name] = self._text("set_env_variable", value)
        return self

    def set_debug_pause(self, before: bool = False, after: bool = True, on_error: bool = False) -> Self:
        """Keep the task's pod alive on a KFP cluster for debugging. on_error: only after a failure."""
        if not after and (on_error or not before):
            raise trace.refused("set_debug_pause() pauses before, after (on_error or always), or both: give one that is true")
        if before:
            self.set_env_variable("ARGO_DEBUG_PAUSE_BEFORE", "true")
        if after:
            self.set_env_variable("ARGO_DEBUG_PAUSE_ON_ERROR" if on_error else "ARGO_DEBUG_PAUSE_AFTER", "true")
        return self

    def use_secret_as_env(self, secret_name: str | Channel, secret_key_to_env: Mapping[str, str], optional: bool = False) -> Self:
        """Set environment variables from a secret, which no event, log or view shows: {key of the secret: variable}."""
        from kflite.dsl.kubernetes import use_secret_as_env

        use_secret_as_env(self, secret_name, secret_key_to_env, optional)
        return self

    def set_container_image(self, name: str | Channel) -> Self:
        """Run in this image instead of the component's."""
        self.own_container("set_container_image").image = self._text("set_container_image", name)
        return self

    def set_cpu_request(self, cpu: str | float | Channel) -> Self:
        """Set the CPUs that the task reserves: "2", "500m"."""
        self.own_container("set_cpu_request").cpu_request = self._amount("set_cpu_request", cpu)
        return self

    def set_cpu_limit(self, cpu: str | float | Channel) -> Self:
        """Set the most CPUs that the task may use: "2", "500m"."""
        self.own_container("set_cpu_limit").cpu_limit = self._amount("set_cpu_limit", cpu)
        return self

    def set_memory_request(self, memory: str | int | Channel) -> Self:
        """Set the memory that the task reserves: "4Gi", "500M"."""
        self.own_container("set_memory_request").memory_request = self._amount("set_memory_request", memory)
        return self

    def set_memory_limit(self, memory: str | int | Channel) -> Self:
        """Set the most memory that the task may use: "4Gi", "500M"."""
        self.own_container("set_memory_limit").memory_limit = self._amount("set_memory_limit", memory)
        return self

    def set_accelerator_type(self, accelerator: str | Channel) -> Self:
        """Set the kind of accelerator for `set_accelerator_limit`, such as "nvidia.com/gpu"."""
        self.own_container("set_accelerator_type").accelerator_type = self._text("set_accelerator_type", accelerator)
        return self

    def add_node_selector_constraint(self, accelerator: str | Channel) -> Self:
        """An older name of set_accelerator_type."""
        return self.set_accelerator_type(accelerator)

    def set_accelerator_limit(self, limit: int | str | Channel) -> Self:
        """Set the number of accelerators."""
        text = str(limit)
        if not (is_placeholder(text) or text.isdecimal()):
            raise trace.refused(f"set_accelerator_limit() takes a whole number, not {limit!r}")
        self.own_container("set_accelerator_limit").accelerator_limit = text
        return self

    def set_gpu_limit(self, gpu: int | str | Channel) -> Self:
        """Set the number of GPUs."""
        return self.set_accelerator_limit(gpu)

    def set_timeout(self, seconds: int) -> Self:
        """Fail an attempt that runs longer than this, in seconds; for a nested pipeline, fail the tasks that still run.

        A pipeline's exit tasks, and other tasks that ignore upstream failures, are not stopped.
        """
        from kflite.dsl.kubernetes import set_timeout

        if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds <= 0:
            raise trace.refused(f"set_timeout() takes a whole number of seconds above 0, not {seconds!r}")
        if self.component.has_tasks:
            self.settings.timeout_s = seconds
        else:
            set_timeout(self, seconds)
        return self

    def own_container(self, method: str) -> TaskSettings:
        """The settings, for a method that needs a container. Raises CompileError if the task has none of its own."""
        if not self.component.has_container:
            raise trace.refused(f"{method}() needs a task that runs code itself, and {self.name!r} does not: set it inside")
        return self.settings

    def _text(self, method: str, value: str | Channel) -> str:
        if not isinstance(value, str | Channel):
            raise trace.refused(f"{method}() takes a text, not {value!r}")
        return str(value)

    def _amount(self, method: str, value: str | float | Channel) -> str:
        text = str(value)
        if not is_placeholder(text):
            (cores if "cpu" in method else gigabytes)(text)
        return text


class TaskOutputs(Mapping[str, TaskOutput]):
    """A task's outputs by name."""

    def __init__(self, task: PipelineTask) -> None:
        self._task = task
        self._channels: dict[str, TaskOutput] = {}

    def __getitem__(self, name: str) -> TaskOutput:
        if name not in self._channels:
            declared = self._task.component.interface.outputs
            if name not in declared:
                raise trace.refused(f"{self._task.component.name} has no output {name!r}, only {list(declared)}")
            self._channels[name] = TaskOutput(self._task, name, declared[name].type)
        return self._channels[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._task.component.interface.outputs)

    def __len__(self) -> int:
        return len(self._task.component.interface.outputs)
