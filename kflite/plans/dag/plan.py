"""The plan of a pipeline: opens scopes (running DAGs) and loops, and triggers tasks whose parents have ended.

The cost of a task does not depend on the size of the graph: each scope counts the unfinished parents of each task.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from kflite.core.event_kind import State
from kflite.core.frozen import dataclass
from kflite.core.plan import Ended, News, Opened, Origin, Outcome, Ready, Settled, Step
from kflite.core.value import Artifact, Outputs, Value
from kflite.errors import InputError
from kflite.plans.dag.condition import ConditionError, holds, readable
from kflite.plans.dag.loop import Loop, collected_outputs
from kflite.plans.dag.placeholders import MISSING, Missing, fill, parameter_lookup, run_names, task_names, text
from kflite.plans.dag.read import Shape, binding
from kflite.plans.dag.recipe import Recipe
from kflite.plans.dag.resolve import Inputs, TaskContext, Unresolved, convert, resolve, setting_value, shown_name, with_defaults
from kflite.plans.dag.scope import DagScope
from kflite.plans.dag.shape import (
    ComponentSpec,
    Container,
    ContainerConfig,
    Dag,
    FromInput,
    ImporterSpec,
    PlatformSettings,
    TaskSpec,
)
from kflite.plans.dag.time_text import fill_time_macros
from kflite.plans.dag.work import WORKSPACE, ContainerWork

if TYPE_CHECKING:
    from kflite.plans.dag.volume_claim import ClaimWork


@dataclass(frozen=True, slots=True)
class _Trigger:
    """A task whose parents have all ended."""

    scope: DagScope
    index: int


class DagPlan:
    """The plan of one run of a pipeline. inputs: parameters, and artifacts as lists of JSON objects."""

    def __init__(self, shape: Shape, inputs: Mapping[str, Value], origin: Origin, prefix: str = "") -> None:
        self._shape, self._prefix = shape, prefix
        self._origin = origin if shape.workspace is not None else replace(origin, workspace="")
        self._inputs = inputs
        self._running: dict[str, _Trigger] = {}
        self._recipes: dict[str, Recipe] = {}
        self._pending: deque[_Trigger | Loop] = deque()
        self._steps: list[Step] = []
        self._halted = False
        self._names = run_names(self._origin)

    def begin(self) -> list[Step]:
        root = self._shape.root
        assert isinstance(root.body, Dag)
        artifacts = {name: _artifacts(self._inputs[name]) for name in root.input_artifacts if name in self._inputs}
        inputs = Inputs(with_defaults(root, self._typed_inputs(root)), artifacts)
        self._enter_scope(DagScope(self._prefix, root, root.body, inputs))
        return self._take_steps()

    @property
    def watches(self) -> Collection[str]:
        return ()

    def hear(self, name: str, news: News) -> list[Step]:
        assert isinstance(news, Outcome), "it asks nothing, and watches nothing"
        self._settle(self._running.pop(name), news)
        return self._take_steps()

    def halt(self) -> list[Step]:
        self._halted = True
        return self._take_steps()

    def _typed_inputs(self, root: ComponentSpec) -> dict[str, Value]:
        try:
            values = {k: fill_time_macros(v, self._origin) for k, v in self._inputs.items() if k not in root.input_artifacts}
            what = {k: f"parameter {k!r}" for k in values}
            return {k: None if v is None else convert(v, root.inputs[k].type, what[k]) for k, v in values.items()}
        except Unresolved as error:
            raise InputError(f"pipeline {self._shape.name!r}: {error}") from None

    def _take_steps(self) -> list[Step]:
        while self._pending:
            item = self._pending.popleft()
            if isinstance(item, Loop):
                self._advance(item)
            else:
                self._trigger(item)
        steps, self._steps = self._steps, []
        return steps

    def _enter_scope(self, scope: DagScope) -> None:
        self._pending.extend(_Trigger(scope, i) for i in scope.roots())
        if not scope.open:
            self._close(scope)

    # Tasks whose parents have ended.

    def _trigger(self, trigger: _Trigger) -> None:
        scope, task = trigger.scope, trigger.scope.dag.tasks[trigger.index]
        if reason := self._skip_reason(scope, task):
            return self._skip(trigger, reason)
        component = self._shape.component(task.component)
        try:
            context = self._context(scope, task)
            inputs = resolve(task, component, context)
            if task.condition and not holds(task.condition, with_defaults(component, inputs.parameters), inputs.artifacts):
                return self._skip(trigger, f"condition is false: {readable(task.condition)}")
            self._open(trigger, component, inputs, context)
        except Unresolved as error:
            self._skip(trigger, str(error)) if error.skipped else self._fail(trigger, "BadInput", str(error))
        except ConditionError as error:
            self._fail(trigger, "BadCondition", str(error))

    def _skip_reason(self, scope: DagScope, task: TaskSpec) -> str:
        """Why the task must be skipped; "" if it must run."""
        if task.always:
            return ""
        for parent in task.parents:
            state, name = scope.outcome_at(parent).state, scope.dag.tasks[parent].name
            if state is not State.SUCCEEDED:
                return f"{name} failed" if state is State.FAILED else f"{name} was {state.value.lower()}"
        return "the run was stopped" if self._halted and not scope.always_run else ""

    def _runs_always(self, scope: DagScope, task: TaskSpec) -> bool:
        """Whether the task, with everything in it, runs even if the run is stopped."""
        return self._halted or scope.always_run or task.always

    def _context(self, scope: DagScope, task: TaskSpec) -> TaskContext:
        def names(path: str) -> str | Missing:
            named = self._names | task_names(self._origin, task.name, scope.path_of(task.name))
            return named.get(path, MISSING)

        return TaskContext(scope.inputs, scope.outcome, names)

    def _open(self, trigger: _Trigger, component: ComponentSpec, inputs: Inputs, context: TaskContext) -> None:
        scope, task = trigger.scope, trigger.scope.dag.tasks[trigger.index]
        path = scope.path_of(task.name)
        if task.loop:
            self._loop(trigger, component, inputs)
        elif isinstance(component.body, Dag):
            self._steps.append(Opened(path, component.name, inputs.parameters, task.timeout_s))
            inner = Inputs(with_defaults(component, inputs.parameters), inputs.artifacts)
            self._enter_scope(
                DagScope(path, component, component.body, inner, scope, trigger.index, always_run=self._runs_always(scope, task))
            )
        elif isinstance(component.body, ImporterSpec):
            self._import(trigger, component, component.body, inputs, context)
        else:
            self._running[path] = trigger
            task = task if task.retry.most else task._replace(retry=scope.retry)
            time_limits = () if task.always else scope.time_limits
            work = self._work(task, component, component.body, inputs, context)
            work = replace(work, time_limits=time_limits) if time_limits else work
            self._steps.append(Ready(path, work, scope.after_seq_of(trigger.index), self._runs_always(scope, task)))

    def _work(
        self, task: TaskSpec, component: ComponentSpec, container: Container, inputs: Inputs, context: TaskContext
    ) -> ContainerWork | ClaimWork:
        if container.image.startswith("argostub/"):
            from kflite.plans.dag import volume_claim

            return volume_claim.work(task, component, container, inputs, self._origin)
        if task.component not in self._recipes:
            self._recipes[task.component] = Recipe(component, container)
        config = ContainerConfig(container.env, container.resources, container.accelerator)
        if container.platform:
            config = config._replace(settings=_platform_settings(component, container, inputs, context))
        if self._shape.workspace is not None:
            config = config._replace(
                settings=config.settings._replace(
                    cluster_fields={**config.settings.cluster_fields, "workspace": self._shape.workspace}
                )
            )
        if component.configures:
            from kflite.plans.dag.taskconfig import apply_passthroughs

            inputs, config = apply_passthroughs(component, config, inputs)
        work = ContainerWork(task, self._recipes[task.component], inputs, self._origin, config)
        try:
            work.request  # noqa: B018 - quantities may depend on inputs, and are parsed here for the first time
        except InputError as error:
            raise Unresolved(str(error)) from None
        return work

    def _import(
        self, trigger: _Trigger, component: ComponentSpec, importer: ImporterSpec, inputs: Inputs, context: TaskContext
    ) -> None:
        source, filled = importer.uri.source, with_defaults(component, inputs.parameters)
        raw = filled.get(source.name) if isinstance(source, FromInput) else getattr(source, "value", "")
        name, kind = next(iter(component.output_artifacts.items()), ("artifact", importer.kind))
        uri, metadata_template = text(fill(raw, context.names)), fill(dict(importer.kind.metadata or {}), context.names)
        metadata = fill(metadata_template, parameter_lookup(filled))
        assert isinstance(metadata, dict)
        if "://" not in uri and not uri.startswith("/"):
            raise Unresolved(
                f"the importer's URI {uri!r} has no location: give a URI such as s3://…, or a path that begins with /"
            )
        metadata |= {WORKSPACE: True} if importer.workspace else {}
        outside = self._origin.run if importer.reimport else "any"
        artifact = Artifact(name, uri, kind.type, kind.version, metadata, outside=outside)
        outcome = Outcome(State.SUCCEEDED, Outputs({}, {name: (artifact,)}), "imported")
        self._settle(trigger, outcome, report=True)

    # Loops.

    def _loop(self, trigger: _Trigger, component: ComponentSpec, inputs: Inputs) -> None:
        scope, task = trigger.scope, trigger.scope.dag.tasks[trigger.index]
        items, path = _items(task, inputs), scope.path_of(task.name)
        assert task.loop
        assert isinstance(component.body, Dag)
        self._steps.append(Opened(path, component.name, inputs.parameters, task.timeout_s))
        always_run = self._runs_always(scope, task)
        self._pending.append(Loop(path, component, component.body, inputs, items, task.loop, scope, trigger.index, always_run))

    def _advance(self, loop: Loop) -> None:
        """Begin as many iterations as the limit allows; settle the loop when none is left."""
        while (index := loop.begin_next(self._halted)) is not None:
            inputs, path = loop.inputs_of(index), f"{loop.path}[{index}]"
            self._enter_scope(
                DagScope(path, loop.component, loop.dag, inputs, loop=loop, index=index, always_run=loop.always_run)
            )
        if loop.is_over():
            outcome = Outcome(loop.state, collected_outputs(loop), loop.reason, loop.message, loop.seq)
            self._settle(_Trigger(loop.parent, loop.index), outcome, report=True)

    # The end of a task, and of its DAG.

    def _skip(self, trigger: _Trigger, reason: str) -> None:
        self._settle(trigger, Outcome(State.SKIPPED, reason=reason), report=True)

    def _fail(self, trigger: _Trigger, reason: str, message: str) -> None:
        self._settle(trigger, Outcome(State.FAILED, reason=reason, message=message), report=True)

    def _settle(self, trigger: _Trigger, outcome: Outcome, report: bool = False) -> None:
        scope = trigger.scope
        if report:
            outcome = outcome if outcome.seq else replace(outcome, seq=scope.after_seq_of(trigger.index))
            path = scope.path_of(scope.dag.tasks[trigger.index].name)
            self._steps.append(Settled(path, outcome.state, outcome.outputs, outcome.reason, outcome.message))
        self._pending.extend(_Trigger(scope, child) for child in scope.settle(trigger.index, outcome))
        if not scope.open:
            self._close(scope)

    def _close(self, scope: DagScope) -> None:
        outcome = scope.close()
        if scope.loop:
            scope.loop.iteration_ended(scope.index, outcome)
            self._pending.append(scope.loop)
        elif scope.parent:
            self._settle(_Trigger(scope.parent, scope.index), outcome, report=True)
        else:
            self._steps.append(Ended(outcome.state, outcome.outputs, outcome.message or outcome.reason))


def _platform_settings(component: ComponentSpec, container: Container, inputs: Inputs, context: TaskContext) -> PlatformSettings:
    from kflite.plans.dag.settings import platform_settings  # most pipelines have none

    own_parameters = parameter_lookup(with_defaults(component, inputs.parameters))

    def lookup(path: str) -> Value | Missing:
        value = own_parameters(path)
        return context.names(path) if value is MISSING else value

    return platform_settings(container.platform, lambda source: setting_value(binding(source), context, lookup), lookup)


def _artifacts(documents: Value) -> tuple[Artifact, ...]:
    assert isinstance(documents, list)
    return tuple(Artifact.from_json(document) for document in documents if isinstance(document, dict))


def _items(task: TaskSpec, inputs: Inputs) -> list[Value] | tuple[Artifact, ...]:
    loop = task.loop
    assert loop
    if loop.artifacts:
        return inputs.artifacts.get(loop.source, ())
    value: Value = json.loads(loop.raw) if loop.raw else inputs.parameters.get(loop.source)
    if value is None:
        raise Unresolved(f"{task.name!r} has nothing to loop over: {shown_name(loop.source)!r} is null or was not given")
    items = convert(value, "LIST", f"the items of {task.name!r}")
    if not isinstance(items, list):
        raise Unresolved(f"the items of {task.name!r} must be a list, and are {text(value)[:200]!r}")
    return items
