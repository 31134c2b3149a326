"""Repairs known errors of kfp's compilers, so that a pipeline works as its author intended.

Texts such as `f"{item}-{other}"` are affected: kfp 2.0 to 2.13 left them unfilled in lists and mappings, and all versions up to
2.17 fail to pass a loop's item into groups inside the loop. KFP starts such a pipeline, and its tasks fail. Documents are not
checked yet: malformed parts stay unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from kflite.core.value import Value
from kflite.ir.older import mapping_at

_CHANNEL = "pipelinechannel--"
_UNFILLED = re.compile(r"\{\{channel:task=([^;{}]*);name=([^;{}]+);type=[^{}]*;\}\}")
_SUBKEY = re.compile(r"(.+-loop-item|.+--loop-item-param-\d+)-subvar-(.+)")
_MOST_LEVELS = 100  # of groups in groups
_Map = dict[str, Value]


def repair(spec: _Map) -> None:
    """Repair the pipeline in place."""
    components = mapping_at(spec, "components")
    groups = {
        name: mapping_at(body) for name, body in (("", spec.get("root")), *components.items()) if mapping_at(body, "dag", "tasks")
    }
    passing = _Passing(groups, components)
    tasks = [(group, task) for group, body in groups.items() for task in mapping_at(body, "dag", "tasks").values()]
    for group, task in tasks:
        _fill_texts(task)
        _drop_lost_items(task, groups[group], components)
    for _ in range(_MOST_LEVELS):
        unchanged = [passing.repair_task(group, task) for group, task in tasks]
        if all(unchanged):
            return


def _fill_texts(task: Value) -> None:
    inputs = mapping_at(task, "inputs", "parameters")
    for source in list(inputs.values()):
        runtime = mapping_at(source, "runtimeValue")
        for name in set(_missing_inputs(runtime.get("constant"))) - inputs.keys():
            inputs[name] = {"componentInputParameter": name}
        if "constant" in runtime:
            runtime["constant"] = _with_placeholders(runtime["constant"])


def _missing_inputs(value: Value) -> Iterator[str]:
    """The names of the inputs in unfilled texts of a constant."""
    if isinstance(value, dict):
        yield from (name for pair in value.items() for part in pair for name in _missing_inputs(part))
    elif isinstance(value, list):
        yield from (name for item in value for name in _missing_inputs(item))
    elif isinstance(value, str) and "{{channel:" in value:
        yield from map(_input, _UNFILLED.finditer(value))


def _with_placeholders(value: Value) -> Value:
    if isinstance(value, dict):
        return {str(_with_placeholders(key)): _with_placeholders(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_placeholders(item) for item in value]
    return _UNFILLED.sub(_placeholder, value) if isinstance(value, str) else value


def _placeholder(match: re.Match[str]) -> str:
    return f"{{{{$.inputs.parameters['{_input(match)}']}}}}"


def _input(match: re.Match[str]) -> str:
    return f"{_CHANNEL}{match[1]}-{match[2]}" if match[1] else _CHANNEL + match[2]


def _drop_lost_items(task: Value, parent: _Map, components: _Map) -> None:
    """Drop inputs that refer to the item of a loop from outside that loop."""
    inputs = mapping_at(task, "inputs", "parameters")
    for name, source in list(inputs.items()):
        source_name, output = str(mapping_at(source).get("componentInputParameter")), mapping_at(source, "taskOutputParameter")
        misplaced = name.startswith(_CHANNEL + source_name) and source_name not in _inputs(parent)
        from_loop_item = str(output.get("outputParameterKey")).endswith("-loop-item")
        if "loop-item" in name and (misplaced or from_loop_item):
            del inputs[name]
            _inputs(mapping_at(components, _component(task))).pop(name, None)


def _inputs(body: _Map) -> _Map:
    return mapping_at(body, "inputDefinitions", "parameters")


def _component(task: Value) -> str:
    return str(mapping_at(task, "componentRef").get("name"))


@dataclass(frozen=True)
class _Passing:
    """Passes values into groups by the compilers' names for them. groups: components with tasks, and "" for the root."""

    groups: dict[str, _Map]
    components: _Map

    @cached_property
    def callers(self) -> dict[str, list[tuple[str, _Map]]]:
        """The tasks that run each group, with the groups that contain them."""
        callers: dict[str, list[tuple[str, _Map]]] = {}
        for name, body in self.groups.items():
            for task in mapping_at(body, "dag", "tasks").values():
                callers.setdefault(_component(task), []).append((name, mapping_at(task)))
        return callers

    def repair_task(self, group: str, task: Value) -> bool:
        """Connect a task's inputs that its group lacks to their source; False if an input had to be removed."""
        inputs, unchanged = mapping_at(task, "inputs", "parameters"), True
        for input_name, source in list(inputs.items()):
            name = mapping_at(source).get("componentInputParameter")
            if not isinstance(name, str) or not name.startswith(_CHANNEL) or name in _inputs(self.groups[group]):
                continue
            if source_found := self._source(name, group, 0):
                mapping_at(source).clear()
                mapping_at(source).update(source_found[0])
            elif "loop-item" in name and _component(task) in self.groups:
                del inputs[input_name]
                _inputs(self.groups[_component(task)]).pop(input_name, None)
                unchanged = False
        return unchanged

    def _source(self, name: str, group: str, level: int) -> tuple[_Map, _Map] | None:
        """The source of a value in or around a group, and its declaration; None if there is none."""
        return self._here(name, self.groups[group]) or self._above(name, group, level)

    def _here(self, name: str, body: _Map) -> tuple[_Map, _Map] | None:
        known, plain, item = _inputs(body), name.removeprefix(_CHANNEL), _SUBKEY.fullmatch(name)
        for candidate in (name, plain):
            if candidate in known:
                return {"componentInputParameter": candidate}, mapping_at(known, candidate)
        if item and item[1] in known:
            selector = f'parseJson(string_value)["{item[2]}"]'
            return {"componentInputParameter": item[1], "parameterExpressionSelector": selector}, {"parameterType": "STRING"}
        for task, spec in mapping_at(body, "dag", "tasks").items():
            for output, declared in mapping_at(self.components, _component(spec), "outputDefinitions", "parameters").items():
                if plain == f"{task}-{output}":
                    return {"taskOutputParameter": {"producerTask": task, "outputParameterKey": output}}, mapping_at(declared)
        return None

    def _above(self, name: str, group: str, level: int) -> tuple[_Map, _Map] | None:
        """Pass a value from around the group to it, as a new input."""
        declared: _Map = {}
        for above, task in self.callers.get(group, ()):
            source = self._source(name, above, level + 1) if level < _MOST_LEVELS else None
            if source is None:
                return None
            declared = {"parameterType": source[1].get("parameterType", "STRING")}
            _ensure_mapping(task, "inputs", "parameters")[name] = dict(source[0])
        if not declared:
            return None
        _ensure_mapping(self.groups[group], "inputDefinitions", "parameters")[name] = declared
        return {"componentInputParameter": name}, declared


def _ensure_mapping(value: _Map, *keys: str) -> _Map:
    """The mapping at these keys, created if there is none."""
    for key in keys:
        inner = value.setdefault(key, {})
        value = inner if isinstance(inner, dict) else {}
    return value
