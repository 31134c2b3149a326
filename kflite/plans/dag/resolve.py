"""Resolves a task's inputs from the inputs of its DAG and the outputs of its sibling tasks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from kflite.core.event_kind import State
from kflite.core.frozen import dataclass
from kflite.core.plan import Outcome
from kflite.core.value import Artifact, Value
from kflite.ir.references import selector_keys
from kflite.plans.dag.placeholders import MISSING, Lookup, Missing, fill, named_parameter, text
from kflite.plans.dag.shape import (
    Binding,
    ComponentSpec,
    Constant,
    Dag,
    FinalStatus,
    FromInput,
    FromTask,
    ParameterSpec,
    TaskSpec,
)

# Compilers give this prefix to inputs that pass a value into a branch or loop, and declare these inputs as required.
_CHANNEL_PREFIX = "pipelinechannel--"


class Unresolved(Exception):
    """An input has no value. skipped: because its producer did not run, so that the task is skipped and does not fail."""

    def __init__(self, message: str, skipped: bool = False) -> None:
        self.skipped = skipped
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Inputs:
    """A task's inputs. parameters: with values, also those that only placeholders and conditions use."""

    parameters: Mapping[str, Value]
    artifacts: Mapping[str, tuple[Artifact, ...]]


@dataclass(frozen=True, slots=True)
class TaskContext:
    """The sources of a task's inputs: its DAG's inputs, the outcomes of sibling tasks, and the run's placeholders."""

    inputs: Inputs
    outcome: Callable[[str], Outcome]
    names: Lookup


def resolve(task: TaskSpec, component: ComponentSpec, context: TaskContext) -> Inputs:
    """The inputs of a task whose parents have ended. Raises Unresolved."""
    raw = {name: _parameter(name, binding, context) for name, binding in task.parameters.items()}
    lookup = _lookup(raw, task, context)
    parameters: dict[str, Value] = {}
    for name, value in raw.items():
        written = value is not MISSING and isinstance(task.parameters[name].source, Constant)
        filled = fill(value, lookup) if written else value  # type: ignore[arg-type]
        if filled is not MISSING and filled is not None:
            declared = component.inputs.get(name)
            parameters[name] = _allowed(filled, declared, f"input {shown_name(name)!r}") if declared else filled
    item = task.loop.item if task.loop else ""
    for name, declared in component.inputs.items():
        if name not in parameters and name != item and not _passes_null_on(name, component, task.parameters.get(name)):
            _check_required(name, declared, task, context)
    return Inputs(parameters, _artifacts(task, component, context))


def shown_name(name: str) -> str:
    """An input's name as users know it."""
    return name.removeprefix(_CHANNEL_PREFIX)


def _lookup(raw: Mapping[str, Value | Missing], task: TaskSpec, context: TaskContext) -> Lookup:
    """A lookup for a task's constants: its other inputs, and the names of the run and the task."""

    def lookup(path: str) -> Value | Missing:
        name = named_parameter(path)
        if name is None or name not in raw:
            return context.names(path)
        if raw[name] is MISSING and isinstance(task.parameters[name].source, FromTask):
            raise _missing_parameter(name, task.parameters[name], context)
        return None if raw[name] is MISSING else raw[name]

    return lookup


def _passes_null_on(name: str, component: ComponentSpec, binding: Binding | None) -> bool:
    """Whether null is passed into a branch, loop or pipeline, whose tasks fail if they need the value."""
    return bool(
        binding and isinstance(binding.source, FromInput) and name.startswith(_CHANNEL_PREFIX) and isinstance(component.body, Dag)
    )


def _parameter(name: str, binding: Binding, context: TaskContext) -> Value | Missing:
    value = _bound_parameter(binding, context)
    return select_key(value, binding.selector, name) if binding.selector and not isinstance(value, Missing) else value


def _bound_parameter(binding: Binding, context: TaskContext) -> Value | Missing:
    match binding.source:
        case Constant(value):
            return value
        case FromInput(name):
            return context.inputs.parameters.get(name, MISSING)
        case FromTask(producer, output):
            return context.outcome(producer).outputs.parameters.get(output, MISSING)
        case FinalStatus(producer):
            run = text(fill("{{$.pipeline_job_resource_name}}", context.names))
            return final_status(producer, context.outcome(producer), run)


def setting_value(binding: Binding, context: TaskContext, lookup: Lookup) -> Value:
    """The value of a setting; null if the DAG's input has none. Raises Unresolved if a task did not produce it."""
    value, source = _bound_parameter(binding, context), binding.source
    if isinstance(value, Missing):
        if isinstance(source, FromTask):
            skipped = context.outcome(source.task).state in (State.SKIPPED, State.SUCCEEDED)
            raise Unresolved(f"a setting takes {source.output!r} of {source.task!r}, which did not give it", skipped)
        return None
    value = fill(value, lookup) if isinstance(source, Constant) else value
    return select_key(value, binding.selector, "of a setting") if binding.selector else value


def final_status(task: str, outcome: Outcome, run: str) -> Value:
    """A task's final status as KFP passes it to an exit task."""
    failed = outcome.state is State.FAILED
    error: Value = {"code": 1, "message": outcome.message or outcome.reason} if failed else {"code": 0, "message": ""}
    return {"state": outcome.state.value, "pipelineJobResourceName": run, "pipelineTaskName": task, "error": error}


def select_key(value: Value, selector: str, name: str) -> Value:
    """The part of a value that `parseJson(string_value)["key"]…` selects. Raises Unresolved."""
    keys = selector_keys(selector)
    if keys is None:
        raise Unresolved(f'input {name!r}: the selector {selector!r} is not of the form parseJson(string_value)["key"]')
    for key in keys:
        mapping = from_json(value)
        if not isinstance(mapping, dict) or key not in mapping:
            raise Unresolved(f"input {name!r}: there is no key {key!r} in {text(value)[:200]}")
        value = mapping[key]
    return value


def from_json(value: Value) -> Value:
    """What a text holds as JSON; other values, and texts that hold none, as they are."""
    if not isinstance(value, str):
        return value
    try:
        parsed: Value = json.loads(value)
    except ValueError:
        return value
    return parsed


def _check_required(name: str, declared: ParameterSpec, task: TaskSpec, context: TaskContext) -> None:
    if not (declared.optional or declared.has_default or declared.type == "TASK_CONFIG"):
        raise _missing_parameter(name, task.parameters.get(name), context)


def _missing_parameter(name: str, binding: Binding | None, context: TaskContext) -> Unresolved:
    producer = binding.source.task if binding and isinstance(binding.source, FromTask) else ""
    if not producer:
        return Unresolved(f"input {shown_name(name)!r} has no value: it is null or was not given")
    if context.outcome(producer).state in (State.SKIPPED, State.SUCCEEDED):
        return Unresolved(
            f"input {shown_name(name)!r} has no value: the task that gives it, in {producer!r}, was skipped", skipped=True
        )
    return Unresolved(f"input {shown_name(name)!r} has no value: {producer!r} did not give it")


def _artifacts(task: TaskSpec, component: ComponentSpec, context: TaskContext) -> dict[str, tuple[Artifact, ...]]:
    out: dict[str, tuple[Artifact, ...]] = {}
    for name, kind in component.input_artifacts.items():
        binding = task.artifacts.get(name)
        artifacts = _bound_artifacts(binding, context) if binding else None
        if artifacts is not None:
            out[name] = artifacts
        elif not (kind.optional or (task.loop and name == task.loop.item) or _passes_null_on(name, component, binding)):
            _missing_artifact(name, binding, context)
    return out


def _bound_artifacts(binding: Binding, context: TaskContext) -> tuple[Artifact, ...] | None:
    if isinstance(binding.source, FromInput):
        return context.inputs.artifacts.get(binding.source.name)
    if isinstance(binding.source, FromTask):
        return context.outcome(binding.source.task).outputs.artifacts.get(binding.source.output)
    return None


def _missing_artifact(name: str, binding: Binding | None, context: TaskContext) -> None:
    producer = binding.source.task if binding and isinstance(binding.source, FromTask) else ""
    skipped = bool(producer) and context.outcome(producer).state in (State.SKIPPED, State.SUCCEEDED)
    raise Unresolved(
        f"input artifact {shown_name(name)!r} is not there"
        + (f": the task that gives it, in {producer!r}, did not run" if producer else ""),
        skipped,
    )


_JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "LIST": (list,),
    "STRUCT": (dict,),
    "BOOLEAN": (bool,),
    "TASK_FINAL_STATUS": (dict,),
}


def _allowed(value: Value, declared: ParameterSpec, what: str) -> Value:
    converted = convert(value, declared.type, what)
    if declared.literals and converted not in declared.literals:
        raise Unresolved(f"{what} must be one of {', '.join(map(repr, declared.literals))}, and is {text(converted)[:200]!r}")
    return converted


def convert(value: Value, type: str, what: str) -> Value:
    """The value as the declared type: anything becomes text, 3.0 becomes an integer. Raises Unresolved."""
    if type == "STRING":
        return value if isinstance(value, str) else text(value)
    if type in ("NUMBER_INTEGER", "NUMBER_DOUBLE"):
        return _number(value, type, what)
    converted = from_json(value) if type in ("LIST", "STRUCT") else value
    if type in _JSON_TYPES and not isinstance(converted, _JSON_TYPES[type]):
        raise Unresolved(f"{what} must be a {type}, and is {text(value)[:200]!r}")
    return converted


def _number(original: Value, type: str, what: str) -> Value:
    value = from_json(original)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unresolved(f"{what} must be a {type}, and is {text(original)[:200]!r}")
    if type == "NUMBER_DOUBLE":
        return float(value) if isinstance(value, int) else value
    if isinstance(value, float) and not value.is_integer():
        raise Unresolved(f"{what} must be a {type}, and is {value!r}")
    return int(value)


def with_defaults(component: ComponentSpec, parameters: Mapping[str, Value]) -> dict[str, Value]:
    """The parameters, with defaults for missing ones, and null for optional ones without a default."""
    out = dict(parameters)
    for name, declared in component.inputs.items():
        if name not in out:
            out[name] = declared.default if declared.has_default else None
    return out
