"""The DAG as a plan: scopes (a DAG that runs), loops, and what the end of one task sets free.

Cost a task does not grow with the graph: each scope counts, for every task, the parents that have not ended.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kflite.core.event import State
from kflite.core.plan import Ended, News, Opened, Origin, Outcome, Ready, Settled, Step
from kflite.core.value import Artifact, Outputs, Value
from kflite.errors import InputError
from kflite.plans.dag.condition import ConditionError, holds, readable
from kflite.plans.dag.loop import Loop, collected
from kflite.plans.dag.placeholders import MISSING, Missing, fill, of_one, of_parameters, of_run, text
from kflite.plans.dag.read import Shape, binding
from kflite.plans.dag.recipe import Recipe
from kflite.plans.dag.resolve import Around, Inputs, Unresolved, bound, convert, given, resolve, shown
from kflite.plans.dag.scope import Scope
from kflite.plans.dag.shape import Component, Configured, Container, Dag, FromInput, Importer, Settings, Task
from kflite.plans.dag.time_text import dated
from kflite.plans.dag.work import WORKSPACE, ContainerWork

if TYPE_CHECKING:
    from kflite.plans.dag.volume_claim import ClaimWork


@dataclass(frozen=True, slots=True)
class _Trigger:
    """A task whose parents have all ended."""

    scope: Scope
    index: int


class DagPlan:
    """The plan of one run of a pipeline, with its nested DAGs and loops. inputs: parameters, and artifacts as lists of JSON."""

    def __init__(self, shape: Shape, inputs: Mapping[str, Value], origin: Origin, prefix: str = "") -> None:
        self._shape, self._prefix = shape, prefix
        self._origin = origin if shape.workspace is not None else replace(origin, workspace="")
        self._given = inputs
        self._running: dict[str, _Trigger] = {}
        self._recipes: dict[str, Recipe] = {}
        self._todo: deque[_Trigger | Loop] = deque()
        self._steps: list[Step] = []
        self._halted = False
        self._names = of_run(self._origin)

    def begin(self) -> list[Step]:
        root = self._shape.root
        assert isinstance(root.body, Dag)
        artifacts = {name: _artifacts(self._given[name]) for name in root.input_artifacts if name in self._given}
        inputs = Inputs(given(root, self._typed(root)), artifacts)
        self._enter(Scope(self._prefix, root, root.body, inputs))
        return self._drain()

    @property
    def watches(self) -> Collection[str]:
        return ()

    def hear(self, name: str, news: News) -> list[Step]:
        assert isinstance(news, Outcome), "it asks nothing, and watches nothing"
        self._settle(self._running.pop(name), news)
        return self._drain()

    def halt(self) -> list[Step]:
        self._halted = True
        return self._drain()

    def _typed(self, root: Component) -> dict[str, Value]:
        try:
            values = {k: dated(v, self._origin) for k, v in self._given.items() if k not in root.input_artifacts}
            what = {k: f"parameter {k!r}" for k in values}
            return {k: None if v is None else convert(v, root.inputs[k].type, what[k]) for k, v in values.items()}
        except Unresolved as error:
            raise InputError(f"pipeline {self._shape.name!r}: {error}") from None

    def _drain(self) -> list[Step]:
        while self._todo:
            item = self._todo.popleft()
            if isinstance(item, Loop):
                self._advance(item)
            else:
                self._trigger(item)
        steps, self._steps = self._steps, []
        return steps

    def _enter(self, scope: Scope) -> None:
        self._todo.extend(_Trigger(scope, i) for i in scope.roots())
        if not scope.open:
            self._close(scope)

    # A task's turn has come.

    def _trigger(self, trigger: _Trigger) -> None:
        scope, task = trigger.scope, trigger.scope.dag.tasks[trigger.index]
        if stopped := self._stopped(scope, task):
            return self._skip(trigger, stopped)
        component = self._shape.component(task.component)
        try:
            around = self._around(scope, task)
            inputs = resolve(task, component, around)
            if task.condition and not holds(task.condition, given(component, inputs.parameters), inputs.artifacts):
                return self._skip(trigger, f"condition is false: {readable(task.condition)}")
            self._open(trigger, component, inputs, around)
        except Unresolved as error:
            self._skip(trigger, str(error)) if error.skipped else self._fail(trigger, "BadInput", str(error))
        except ConditionError as error:
            self._fail(trigger, "BadCondition", str(error))

    def _stopped(self, scope: Scope, task: Task) -> str:
        """Why the task is not to run, "" where it is."""
        if task.always:
            return ""
        for parent in task.parents:
            state, name = scope.outcome_at(parent).state, scope.dag.tasks[parent].name
            if state is not State.SUCCEEDED:
                return f"{name} failed" if state is State.FAILED else f"{name} was {state.value.lower()}"
        return "the run was stopped" if self._halted and not scope.always_run else ""

    def _always_runs(self, scope: Scope, task: Task) -> bool:
        """Whether the task, with all that is in it, goes on when the run is stopped."""
        return self._halted or scope.always_run or task.always

    def _around(self, scope: Scope, task: Task) -> Around:
        def names(path: str) -> str | Missing:
            named = self._names | of_one(self._origin, task.name, scope.path_of(task.name))
            return named.get(path, MISSING)

        return Around(scope.inputs, scope.outcome, names)

    def _open(self, trigger: _Trigger, component: Component, inputs: Inputs, around: Around) -> None:
        scope, task = trigger.scope, trigger.scope.dag.tasks[trigger.index]
        path = scope.path_of(task.name)
        if task.loop:
            self._loop(trigger, component, inputs)
        elif isinstance(component.body, Dag):
            self._steps.append(Opened(path, component.name, inputs.parameters, task.timeout_s))
            inner = Inputs(given(component, inputs.parameters), inputs.artifacts)
            self._enter(
                Scope(path, component, component.body, inner, scope, trigger.index, always_run=self._always_runs(scope, task))
            )
        elif isinstance(component.body, Importer):
            self._import(trigger, component, component.body, inputs, around)
        else:
            self._running[path] = trigger
            task = task if task.retry.most else task._replace(retry=scope.retry)
            limits = () if task.always else scope.time_limits
            work = self._work(task, component, component.body, inputs, around)
            work = replace(work, time_limits=limits) if limits else work
            self._steps.append(Ready(path, work, scope.after_seq_of(trigger.index), self._always_runs(scope, task)))

    def _work(
        self, task: Task, component: Component, container: Container, inputs: Inputs, around: Around
    ) -> ContainerWork | ClaimWork:
        if container.image.startswith("argostub/"):
            from kflite.plans.dag import volume_claim

            return volume_claim.work(task, component, container, inputs, self._origin)
        if task.component not in self._recipes:
            self._recipes[task.component] = Recipe(component, container)
        own = Configured(container.env, container.resources, container.accelerator)
        if container.platform:
            own = own._replace(settings=_settings(component, container, inputs, around))
        if self._shape.workspace is not None:
            own = own._replace(settings=own.settings._replace(more={**own.settings.more, "workspace": self._shape.workspace}))
        if component.configures:
            from kflite.plans.dag.taskconfig import applied

            inputs, own = applied(component, own, inputs)
        work = ContainerWork(task, self._recipes[task.component], inputs, self._origin, own)
        try:
            work.request  # noqa: B018 - quantities may come from inputs, and are read here for the first time
        except InputError as error:
            raise Unresolved(str(error)) from None
        return work

    def _import(self, trigger: _Trigger, component: Component, importer: Importer, inputs: Inputs, around: Around) -> None:
        source, filled = importer.uri.source, given(component, inputs.parameters)
        raw = filled.get(source.name) if isinstance(source, FromInput) else getattr(source, "value", "")
        name, kind = next(iter(component.output_artifacts.items()), ("artifact", importer.kind))
        uri, told = text(fill(raw, around.names)), fill(dict(importer.kind.metadata or {}), around.names)
        metadata = fill(told, of_parameters(filled))
        assert isinstance(metadata, dict)
        if "://" not in uri and not uri.startswith("/"):
            raise Unresolved(f"the importer's URI {uri!r} says no place: give a URI such as s3://…, or a path that begins with /")
        metadata |= {WORKSPACE: True} if importer.workspace else {}
        outside = self._origin.run if importer.anew else "any"
        artifact = Artifact(name, uri, kind.type, kind.version, metadata, outside=outside)
        outcome = Outcome(State.SUCCEEDED, Outputs({}, {name: (artifact,)}), "imported")
        self._settle(trigger, outcome, tell=True)

    # Loops.

    def _loop(self, trigger: _Trigger, component: Component, inputs: Inputs) -> None:
        scope, task = trigger.scope, trigger.scope.dag.tasks[trigger.index]
        items, path = _items(task, inputs), scope.path_of(task.name)
        assert task.loop
        assert isinstance(component.body, Dag)
        self._steps.append(Opened(path, component.name, inputs.parameters, task.timeout_s))
        always_run = self._always_runs(scope, task)
        self._todo.append(Loop(path, component, component.body, inputs, items, task.loop, scope, trigger.index, always_run))

    def _advance(self, loop: Loop) -> None:
        """Begin as many iterations as the loop's limit allows; close it when none is left."""
        while (index := loop.take(self._halted)) is not None:
            inputs, path = loop.inputs_of(index), f"{loop.path}[{index}]"
            self._enter(Scope(path, loop.component, loop.dag, inputs, loop=loop, index=index, always_run=loop.always_run))
        if loop.finish():
            outcome = Outcome(loop.state, collected(loop), loop.reason, loop.message, loop.seq)
            self._settle(_Trigger(loop.parent, loop.index), outcome, tell=True)

    # The end of a task, and of the DAG around it.

    def _skip(self, trigger: _Trigger, reason: str) -> None:
        self._settle(trigger, Outcome(State.SKIPPED, reason=reason), tell=True)

    def _fail(self, trigger: _Trigger, reason: str, message: str) -> None:
        self._settle(trigger, Outcome(State.FAILED, reason=reason, message=message), tell=True)

    def _settle(self, trigger: _Trigger, outcome: Outcome, tell: bool = False) -> None:
        scope = trigger.scope
        if tell:
            outcome = outcome if outcome.seq else replace(outcome, seq=scope.after_seq_of(trigger.index))
            path = scope.path_of(scope.dag.tasks[trigger.index].name)
            self._steps.append(Settled(path, outcome.state, outcome.outputs, outcome.reason, outcome.message))
        self._todo.extend(_Trigger(scope, child) for child in scope.settle(trigger.index, outcome))
        if not scope.open:
            self._close(scope)

    def _close(self, scope: Scope) -> None:
        outcome = scope.close()
        if scope.loop:
            scope.loop.give(scope.index, outcome)
            self._todo.append(scope.loop)
        elif scope.parent:
            self._settle(_Trigger(scope.parent, scope.index), outcome, tell=True)
        else:
            self._steps.append(Ended(outcome.state, outcome.outputs, outcome.message or outcome.reason))


def _settings(component: Component, container: Container, inputs: Inputs, around: Around) -> Settings:
    from kflite.plans.dag.settings import settings  # most pipelines have none

    own = of_parameters(given(component, inputs.parameters))

    def lookup(path: str) -> Value | Missing:
        found = own(path)
        return around.names(path) if found is MISSING else found

    return settings(container.platform, lambda source: bound(binding(source), around, lookup), lookup)


def _artifacts(given: Value) -> tuple[Artifact, ...]:
    assert isinstance(given, list)
    return tuple(Artifact.from_json(one) for one in given if isinstance(one, dict))


def _items(task: Task, inputs: Inputs) -> list[Value] | tuple[Artifact, ...]:
    loop = task.loop
    assert loop
    if loop.artifacts:
        return inputs.artifacts.get(loop.source, ())
    found: Value = json.loads(loop.raw) if loop.raw else inputs.parameters.get(loop.source)
    if found is None:
        raise Unresolved(f"{task.name!r} has nothing to loop over: {shown(loop.source)!r} is null or was not given")
    items = convert(found, "LIST", f"the items of {task.name!r}")
    if not isinstance(items, list):
        raise Unresolved(f"the items of {task.name!r} must be a list, and are {text(found)[:200]!r}")
    return items
