"""Pipelines: functions that are run once to record their tasks and the connections between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import overload

from kflite.core.value import Value
from kflite.dsl import trace
from kflite.dsl.channels import Channel, PipelineInput
from kflite.dsl.component import Component
from kflite.dsl.config import PipelineConfig
from kflite.dsl.groups import Group
from kflite.dsl.interface import interface_of, location_of, summary
from kflite.dsl.task import PipelineTask
from kflite.dsl.types import fits
from kflite.errors import CompileError


class PipelineComponent(Component):
    """A pipeline, which may also be a component of others. root: its tasks; returned: its outputs by name."""

    has_container = False
    has_tasks = True

    def __init__(
        self,
        function: Callable[..., object],
        name: str | None,
        description: str | None,
        root: str,
        label: str,
        config: PipelineConfig | None,
    ) -> None:
        super().__init__(trace.kebab(name or function.__name__), interface_of(function), location_of(function))
        self.python_func = function
        self.description = description if description is not None else summary(function.__doc__ or "")
        self.pipeline_root, self.label, self.config = root, label, config
        self._check()
        with trace.Trace(), Group() as self.root:
            result = function(**{n: PipelineInput(n, spec.type) for n, spec in self.interface.inputs.items()})
        if not self.root.members:
            raise CompileError(f"{self.location}: the pipeline {self.name} has no tasks: call a component in it")
        self.returned = self._outputs(result)

    @classmethod
    def of_one(cls, component: Component) -> PipelineComponent:
        """A pipeline of one task, with the component's inputs and outputs, except inputs that the task's settings provide."""
        pipeline = cls.__new__(cls)
        inputs = {name: spec for name, spec in component.interface.inputs.items() if spec.is_final_status or not spec.is_provided}
        Component.__init__(pipeline, component.name, replace(component.interface, inputs=inputs), component.location)
        pipeline.description = pipeline.pipeline_root = pipeline.label = ""
        pipeline.config = None
        with trace.Trace(), Group() as pipeline.root:
            task = PipelineTask(component, {n: PipelineInput(n, spec.type) for n, spec in inputs.items()})
            pipeline.returned = dict(task.outputs)
        return pipeline

    @property
    def requested_config(self) -> Mapping[str, Value]:
        return self.config.document if self.config else {}

    def _check(self) -> None:
        if not self.name:
            raise CompileError(f"{self.location}: a pipeline's name needs letters or digits")
        for name, spec in self.interface.inputs.items():
            if spec.is_provided or spec.way == "path":
                raise CompileError(
                    f"{self.location}: the input {name!r} is of a kind that only components have: use its plain type"
                )
        for name, output in self.interface.outputs.items():
            if output.way != "return":
                raise CompileError(f"{self.location}: a pipeline returns its outputs: turn {name!r} into a return type")

    def _outputs(self, result: object) -> dict[str, Channel]:
        declared = self.interface.outputs
        fields = getattr(result, "_fields", None)
        named: Mapping[str, object] = {"Output": result} if result is not None else {}
        if fields is not None:
            named = {field: getattr(result, field) for field in fields}
        if set(named) != set(declared):
            remedy = f"return {', '.join(declared)}" if declared else "annotate it, as in `-> float`, or by a NamedTuple"
            what = f"the pipeline {self.name} returns {list(named)} and declares {list(declared)}"
            raise CompileError(f"{self.location}: {what}: {remedy}")
        return {name: self._output(name, value) for name, value in named.items()}

    def _output(self, name: str, value: object) -> Channel:
        where = f"{self.location}: the output {name!r} of the pipeline {self.name}"
        if isinstance(value, PipelineTask):
            raise CompileError(f"{where} is a task: return {value.name}.output or .outputs[...]")
        if not isinstance(value, Channel) or isinstance(value, PipelineInput):
            raise CompileError(f"{where} is no output of a task: pass it through a component, and return that one's")
        if not fits(value.type, self.interface.outputs[name].type):
            raise CompileError(f"{where} is declared as {self.interface.outputs[name].type}, and {value.title} is {value.type}")
        return value


@overload
def pipeline(func: Callable[..., object]) -> PipelineComponent: ...
@overload
def pipeline(
    func: None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    pipeline_root: str | None = None,
    display_name: str | None = None,
    pipeline_config: PipelineConfig | None = None,
) -> Callable[[Callable[..., object]], PipelineComponent]: ...
def pipeline(
    func: Callable[..., object] | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    pipeline_root: str | None = None,
    display_name: str | None = None,
    pipeline_config: PipelineConfig | None = None,
) -> PipelineComponent | Callable[[Callable[..., object]], PipelineComponent]:
    """Create a pipeline from a function that calls components; it is run at once, with channels as arguments.

    name: by default the function's; description: by default its docstring; pipeline_root: the URI for artifacts;
    pipeline_config: workspace and timeouts; a nested pipeline has its own timeout, and shares the outer pipeline's workspace.
    """

    def make(function: Callable[..., object]) -> PipelineComponent:
        return PipelineComponent(function, name, description, pipeline_root or "", display_name or "", pipeline_config)

    return make(func) if func else make
