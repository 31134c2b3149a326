"""Inputs of a task, from what the surrounding DAG was given and what the tasks beside it gave."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kflite.core.event import State
from kflite.core.plan import Outcome
from kflite.core.value import Artifact, Value
from kflite.ir.references import selected
from kflite.plans.dag.placeholders import MISSING, Lookup, Missing, fill, parameter_of, text
from kflite.plans.dag.shape import Binding, Component, Constant, Dag, FinalStatus, FromInput, FromTask, Parameter, Task

# How compilers name the inputs by which a value passes into a branch or loop; they declare them as required.
_HOLE = "pipelinechannel--"


class Unresolved(Exception):
    """An input that has no value. skipped: because its producer did not run, so the task is skipped and does not fail."""

    def __init__(self, message: str, skipped: bool = False) -> None:
        self.skipped = skipped
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Inputs:
    """A task's inputs. parameters: also those that only placeholders and conditions use; absent: declared, without a value."""

    parameters: Mapping[str, Value]
    artifacts: Mapping[str, tuple[Artifact, ...]]


@dataclass(frozen=True, slots=True)
class Around:
    """What a task can see: the DAG's own inputs, how the tasks beside it ended, and the run's placeholders."""

    inputs: Inputs
    outcome: Callable[[str], Outcome]
    names: Lookup


def resolve(task: Task, component: Component, around: Around) -> Inputs:
    """The inputs of a task whose parents have ended. Raises Unresolved."""
    raw = {name: _parameter(name, binding, around) for name, binding in task.parameters.items()}
    lookup = _lookup(raw, task, around)
    parameters: dict[str, Value] = {}
    for name, value in raw.items():
        written = value is not MISSING and isinstance(task.parameters[name].source, Constant)
        filled = fill(value, lookup) if written else value  # type: ignore[arg-type]
        if filled is not MISSING and filled is not None:
            declared = component.inputs.get(name)
            parameters[name] = _allowed(filled, declared, f"input {shown(name)!r}") if declared else filled
    item = task.loop.item if task.loop else ""
    for name, declared in component.inputs.items():
        if name not in parameters and name != item and not _passes(name, component, task.parameters.get(name)):
            _absent(name, declared, task, around)
    return Inputs(parameters, _artifacts(task, component, around))


def shown(name: str) -> str:
    """An input's name as its user knows it."""
    return name.removeprefix(_HOLE)


def _lookup(raw: Mapping[str, Value | Missing], task: Task, around: Around) -> Lookup:
    """Placeholders in a task's constants: its other inputs, and what names the run and the task."""

    def lookup(path: str) -> Value | Missing:
        name = parameter_of(path)
        if name is None or name not in raw:
            return around.names(path)
        if raw[name] is MISSING and isinstance(task.parameters[name].source, FromTask):
            raise _no_value(name, task.parameters[name], around)
        return None if raw[name] is MISSING else raw[name]

    return lookup


def _passes(name: str, component: Component, binding: Binding | None) -> bool:
    """Whether null goes on into a branch, loop or pipeline, where whatever needs the value may say so."""
    return bool(binding and isinstance(binding.source, FromInput) and name.startswith(_HOLE) and isinstance(component.body, Dag))


def _parameter(name: str, binding: Binding, around: Around) -> Value | Missing:
    found = _found_parameter(binding, around)
    return select(found, binding.selector, name) if binding.selector and not isinstance(found, Missing) else found


def _found_parameter(binding: Binding, around: Around) -> Value | Missing:
    match binding.source:
        case Constant(value):
            return value
        case FromInput(name):
            return around.inputs.parameters.get(name, MISSING)
        case FromTask(producer, output):
            return around.outcome(producer).outputs.parameters.get(output, MISSING)
        case FinalStatus(producer):
            run = text(fill("{{$.pipeline_job_resource_name}}", around.names))
            return final_status(producer, around.outcome(producer), run)


def bound(binding: Binding, around: Around, lookup: Lookup) -> Value:
    """What a setting takes from around its task, null where nothing was given. Raises Unresolved where a task gave nothing."""
    found, source = _found_parameter(binding, around), binding.source
    if isinstance(found, Missing):
        if isinstance(source, FromTask):
            skipped = around.outcome(source.task).state in (State.SKIPPED, State.SUCCEEDED)
            raise Unresolved(f"a setting takes {source.output!r} of {source.task!r}, which did not give it", skipped)
        return None
    value = fill(found, lookup) if isinstance(source, Constant) else found
    return select(value, binding.selector, "of a setting") if binding.selector else value


def final_status(task: str, outcome: Outcome, run: str) -> Value:
    """How a task ended, as KFP hands it to an exit task."""
    failed = outcome.state is State.FAILED
    error: Value = {"code": 1, "message": outcome.message or outcome.reason} if failed else {"code": 0, "message": ""}
    return {"state": outcome.state.value, "pipelineJobResourceName": run, "pipelineTaskName": task, "error": error}


def select(value: Value, selector: str, name: str) -> Value:
    """A part of a value: `parseJson(string_value)["key"]`, and keys in that. Raises Unresolved."""
    keys = selected(selector)
    if keys is None:
        raise Unresolved(f'input {name!r}: the selector {selector!r} is not of the form parseJson(string_value)["key"]')
    for key in keys:
        whole = _parsed(value)
        if not isinstance(whole, dict) or key not in whole:
            raise Unresolved(f"input {name!r}: there is no key {key!r} in {text(value)[:200]}")
        value = whole[key]
    return value


def _parsed(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    try:
        found: Value = json.loads(value)
    except ValueError:
        return None
    return found


def _absent(name: str, declared: Parameter, task: Task, around: Around) -> None:
    if not (declared.optional or declared.has_default or declared.type == "TASK_CONFIG"):
        raise _no_value(name, task.parameters.get(name), around)


def _no_value(name: str, binding: Binding | None, around: Around) -> Unresolved:
    producer = binding.source.task if binding and isinstance(binding.source, FromTask) else ""
    if not producer:
        return Unresolved(f"input {shown(name)!r} has no value: it is null or was not given")
    if around.outcome(producer).state in (State.SKIPPED, State.SUCCEEDED):
        return Unresolved(
            f"input {shown(name)!r} has no value: the task that gives it, in {producer!r}, was skipped", skipped=True
        )
    return Unresolved(f"input {shown(name)!r} has no value: {producer!r} did not give it")


def _artifacts(task: Task, component: Component, around: Around) -> dict[str, tuple[Artifact, ...]]:
    out: dict[str, tuple[Artifact, ...]] = {}
    for name, kind in component.input_artifacts.items():
        binding = task.artifacts.get(name)
        found = _found(binding, around) if binding else None
        if found is not None:
            out[name] = found
        elif not (kind.optional or (task.loop and name == task.loop.item) or _passes(name, component, binding)):
            _no_artifact(name, binding, around)
    return out


def _found(binding: Binding, around: Around) -> tuple[Artifact, ...] | None:
    if isinstance(binding.source, FromInput):
        return around.inputs.artifacts.get(binding.source.name)
    if isinstance(binding.source, FromTask):
        return around.outcome(binding.source.task).outputs.artifacts.get(binding.source.output)
    return None


def _no_artifact(name: str, binding: Binding | None, around: Around) -> None:
    producer = binding.source.task if binding and isinstance(binding.source, FromTask) else ""
    skipped = bool(producer) and around.outcome(producer).state in (State.SKIPPED, State.SUCCEEDED)
    raise Unresolved(
        f"input artifact {shown(name)!r} is not there"
        + (f": the task that gives it, in {producer!r}, did not run" if producer else ""),
        skipped,
    )


_CHECKS: Mapping[str, tuple[type, ...]] = {"LIST": (list,), "STRUCT": (dict,), "BOOLEAN": (bool,), "TASK_FINAL_STATUS": (dict,)}


def _allowed(value: Value, declared: Parameter, what: str) -> Value:
    found = convert(value, declared.type, what)
    if declared.literals and found not in declared.literals:
        raise Unresolved(f"{what} must be one of {', '.join(map(repr, declared.literals))}, and is {text(found)[:200]!r}")
    return found


def convert(value: Value, type: str, what: str) -> Value:
    """A value as the declared type has it: text takes anything, an integer takes 3.0. Raises Unresolved."""
    if type == "STRING":
        return value if isinstance(value, str) else text(value)
    if type in ("NUMBER_INTEGER", "NUMBER_DOUBLE"):
        return _number(value, type, what)
    found = _parsed(value) if type in ("LIST", "STRUCT") and isinstance(value, str) else value
    if type in _CHECKS and not isinstance(found, _CHECKS[type]):
        raise Unresolved(f"{what} must be a {type}, and is {text(value)[:200]!r}")
    return found


def _number(given: Value, type: str, what: str) -> Value:
    value = _parsed(given) if isinstance(given, str) else given
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unresolved(f"{what} must be a {type}, and is {text(given)[:200]!r}")
    if type == "NUMBER_DOUBLE":
        return float(value) if isinstance(value, int) else value
    if isinstance(value, float) and not value.is_integer():
        raise Unresolved(f"{what} must be a {type}, and is {value!r}")
    return int(value)


def given(component: Component, parameters: Mapping[str, Value]) -> dict[str, Value]:
    """A DAG's own inputs: what was given, defaults where there are some, null where an optional one has none."""
    out = dict(parameters)
    for name, declared in component.inputs.items():
        if name not in out:
            out[name] = declared.default if declared.has_default else None
    return out
