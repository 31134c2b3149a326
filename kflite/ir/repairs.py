"""What kfp's compilers are known to write wrongly, put right as the pipeline's author meant it.

Texts such as `f"{item}-{other}"` lose their way: in lists and mappings kfp 2.0 to 2.13 left them unfilled, and all versions up to
2.17 fail to pass a loop's item into groups inside the loop. KFP starts such a pipeline, and its tasks fail. Documents are not
checked yet: whatever has another form stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from kflite.core.value import Value
from kflite.ir.older import named

_CHANNEL = "pipelinechannel--"
_UNFILLED = re.compile(r"\{\{channel:task=([^;{}]*);name=([^;{}]+);type=[^{}]*;\}\}")
_SUBKEY = re.compile(r"(.+-loop-item|.+--loop-item-param-\d+)-subvar-(.+)")
_MOST_LEVELS = 100  # of groups in groups
_Map = dict[str, Value]


def mend(spec: _Map) -> None:
    """Put the pipeline right, in place."""
    components = named(spec, "components")
    groups = {name: named(body) for name, body in (("", spec.get("root")), *components.items()) if named(body, "dag", "tasks")}
    passing = _Passing(groups, components)
    placed = [(group, task) for group, body in groups.items() for task in named(body, "dag", "tasks").values()]
    for group, task in placed:
        _fill(task)
        _drop(task, groups[group], components)
    for _ in range(_MOST_LEVELS):
        swept = [passing.put_right(group, task) for group, task in placed]
        if all(swept):
            return


def _fill(task: Value) -> None:
    given = named(task, "inputs", "parameters")
    for source in list(given.values()):
        runtime = named(source, "runtimeValue")
        for name in set(_unfilled(runtime.get("constant"))) - given.keys():
            given[name] = {"componentInputParameter": name}
        if "constant" in runtime:
            runtime["constant"] = _filled(runtime["constant"])


def _unfilled(value: Value) -> Iterator[str]:
    """Names of the inputs that texts in a constant are to be filled with."""
    if isinstance(value, dict):
        yield from (name for pair in value.items() for part in pair for name in _unfilled(part))
    elif isinstance(value, list):
        yield from (name for item in value for name in _unfilled(item))
    elif isinstance(value, str) and "{{channel:" in value:
        yield from map(_input, _UNFILLED.finditer(value))


def _filled(value: Value) -> Value:
    if isinstance(value, dict):
        return {str(_filled(key)): _filled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item) for item in value]
    return _UNFILLED.sub(_placeholder, value) if isinstance(value, str) else value


def _placeholder(found: re.Match[str]) -> str:
    return f"{{{{$.inputs.parameters['{_input(found)}']}}}}"


def _input(found: re.Match[str]) -> str:
    return f"{_CHANNEL}{found[1]}-{found[2]}" if found[1] else _CHANNEL + found[2]


def _drop(task: Value, around: _Map, components: _Map) -> None:
    """Items of loops inside a group that the compiler asks for outside it."""
    given = named(task, "inputs", "parameters")
    for name, source in list(given.items()):
        asked, output = str(named(source).get("componentInputParameter")), named(source, "taskOutputParameter")
        astray = name.startswith(_CHANNEL + asked) and asked not in _inputs(around)
        lost = str(output.get("outputParameterKey")).endswith("-loop-item")
        if "loop-item" in name and (astray or lost):
            del given[name]
            _inputs(named(components, _component(task))).pop(name, None)


def _inputs(body: _Map) -> _Map:
    return named(body, "inputDefinitions", "parameters")


def _component(task: Value) -> str:
    return str(named(task, "componentRef").get("name"))


@dataclass(frozen=True)
class _Passing:
    """Passes values into groups by the names that compilers give them. groups: components with tasks, and "" for the root."""

    groups: dict[str, _Map]
    components: _Map

    @cached_property
    def callers(self) -> dict[str, list[tuple[str, _Map]]]:
        """By group: the tasks that run it, each with the group that it stands in."""
        found: dict[str, list[tuple[str, _Map]]] = {}
        for name, body in self.groups.items():
            for task in named(body, "dag", "tasks").values():
                found.setdefault(_component(task), []).append((name, named(task)))
        return found

    def put_right(self, group: str, task: Value) -> bool:
        """Give a task what it asks its group for and the group has not been given; False where something was taken from it."""
        given, left = named(task, "inputs", "parameters"), True
        for asking, source in list(given.items()):
            name = named(source).get("componentInputParameter")
            if not isinstance(name, str) or not name.startswith(_CHANNEL) or name in _inputs(self.groups[group]):
                continue
            if found := self._source(name, group, 0):
                named(source).clear()
                named(source).update(found[0])
            elif "loop-item" in name and _component(task) in self.groups:
                del given[asking]
                _inputs(self.groups[_component(task)]).pop(asking, None)
                left = False
        return left

    def _source(self, name: str, group: str, level: int) -> tuple[_Map, _Map] | None:
        """Where a group has the value, and how it is declared; None where it is nowhere around."""
        return self._here(name, self.groups[group]) or self._above(name, group, level)

    def _here(self, name: str, body: _Map) -> tuple[_Map, _Map] | None:
        known, plain, item = _inputs(body), name.removeprefix(_CHANNEL), _SUBKEY.fullmatch(name)
        for one in (name, plain):
            if one in known:
                return {"componentInputParameter": one}, named(known, one)
        if item and item[1] in known:
            selector = f'parseJson(string_value)["{item[2]}"]'
            return {"componentInputParameter": item[1], "parameterExpressionSelector": selector}, {"parameterType": "STRING"}
        for task, told in named(body, "dag", "tasks").items():
            for output, declared in named(self.components, _component(told), "outputDefinitions", "parameters").items():
                if plain == f"{task}-{output}":
                    return {"taskOutputParameter": {"producerTask": task, "outputParameterKey": output}}, named(declared)
        return None

    def _above(self, name: str, group: str, level: int) -> tuple[_Map, _Map] | None:
        """The value from around the group, as an input that the group is given from now on."""
        declared: _Map = {}
        for above, task in self.callers.get(group, ()):
            found = self._source(name, above, level + 1) if level < _MOST_LEVELS else None
            if found is None:
                return None
            declared = {"parameterType": found[1].get("parameterType", "STRING")}
            _made(task, "inputs", "parameters")[name] = dict(found[0])
        if not declared:
            return None
        _made(self.groups[group], "inputDefinitions", "parameters")[name] = declared
        return {"componentInputParameter": name}, declared


def _made(value: _Map, *keys: str) -> _Map:
    """The mapping at these keys, made where there is none."""
    for key in keys:
        inner = value.setdefault(key, {})
        value = inner if isinstance(inner, dict) else {}
    return value
