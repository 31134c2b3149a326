"""Checks of one component: its declarations, its DAG and the DAG's outputs."""

from __future__ import annotations

from collections.abc import Mapping

from kflite.ir import task
from kflite.ir.document import Document, DocumentView, Problems, Site, component_name, declared, parents, tasks
from kflite.ir.names import bad_key, bad_task, child_path, suggestion
from kflite.ir.types import WORDS, type_of, value_problem


def problems(view: DocumentView, body: Document, path: str) -> Problems:
    """All problems of the component at `path`."""
    for side in ("input", "output"):
        yield from _parameters(declared(body, side, "parameters"), f"{path}.{side}Definitions.parameters")
        yield from _names(declared(body, side, "artifacts"), f"{path}.{side}Definitions.artifacts")
    if "dag" in body:
        yield from _dag(view, body, path)
    elif "executorLabel" not in body:
        yield path, "it has neither dag nor executorLabel: say what runs"
    elif (label := body["executorLabel"]) not in view.executors:
        yield f"{path}.executorLabel", f"deploymentSpec.executors has no {label!r}: {suggestion(label, view.executors)}"


def _names(specs: Mapping[str, Document], path: str) -> Problems:
    for name in specs:
        if bad := bad_key(name):
            yield path, bad


def _parameters(specs: Mapping[str, Document], path: str) -> Problems:
    yield from _names(specs, path)
    for name, spec in specs.items():
        kind = type_of(spec)
        if kind not in WORDS:
            yield child_path(path, name), f"it has no parameterType: give it one of {', '.join(WORDS)}"
        elif spec.get("defaultValue") is not None and (bad := value_problem(spec["defaultValue"], spec)):
            yield f"{child_path(path, name)}.defaultValue", bad


def _dag(view: DocumentView, body: Document, path: str) -> Problems:
    siblings = tasks(body)
    if not siblings:
        yield f"{path}.dag.tasks", "the DAG has no task: add one"
    for name, spec in siblings.items():
        if bad := bad_task(name):
            yield f"{path}.dag.tasks", bad
        yield from task.problems(Site(view, body, spec, child_path(f"{path}.dag.tasks", name)))
    if siblings and all(t.get("triggerPolicy", {}).get("strategy") == "ALL_UPSTREAM_TASKS_COMPLETED" for t in siblings.values()):
        yield f"{path}.dag.tasks", "every task is one that runs after others have ended: the DAG needs one that is not"
    yield from _cycle(siblings, f"{path}.dag.tasks")
    yield from _outputs(view, body, path)


def _cycle(siblings: Mapping[str, Document], path: str) -> Problems:
    """The first cycle, found by following edges backwards from a task that can never start."""
    waits_for = {name: {p for p in parents(spec) if p in siblings} for name, spec in siblings.items()}
    children: dict[str, list[str]] = {}
    for name, ups in waits_for.items():
        for up in ups:
            children.setdefault(up, []).append(name)
    waits = {name: len(ups) for name, ups in waits_for.items()}
    ready = [name for name, count in waits.items() if not count]
    while ready:
        for child in children.get(ready.pop(), ()):
            waits[child] -= 1
            if not waits[child]:
                ready.append(child)
    if stuck := {name for name, count in waits.items() if count}:
        yield (
            path,
            f"the tasks wait for one another: {' -> '.join(_cycle_path(waits_for, stuck))}; remove one of these dependencies",
        )


def _cycle_path(parents: Mapping[str, set[str]], stuck: set[str]) -> list[str]:
    name = min(stuck)
    walk: list[str] = []
    visited: set[str] = set()
    while name not in visited:
        visited.add(name)
        walk.append(name)
        name = min(parents[name] & stuck)
    cycle = [*walk[walk.index(name) :], name][::-1]
    return cycle if len(cycle) <= 12 else [*cycle[:10], "…", cycle[-1]]


def _outputs(view: DocumentView, body: Document, path: str) -> Problems:
    outputs, base = body["dag"].get("outputs", {}), f"{path}.dag.outputs"
    for kind in ("parameters", "artifacts"):
        sources, declarations = outputs.get(kind, {}), declared(body, "output", kind)
        for name, spec in sources.items():
            where = child_path(f"{base}.{kind}", name)
            if name not in declarations:
                yield where, f"the component declares no such output: {suggestion(name, declarations)}"
            yield from _selectors(view, tasks(body), spec, where, kind)
        for name in declarations.keys() - sources.keys():
            where = child_path(f"{path}.outputDefinitions.{kind}", name)
            yield where, f"no task gives this output: add it to dag.outputs.{kind}, or remove it"


def _selectors(view: DocumentView, siblings: Mapping[str, Document], spec: Document, path: str, kind: str) -> Problems:
    for where, selector in _each(spec, path):
        name, key = selector.get("producerSubtask", ""), "outputParameterKey" if kind == "parameters" else "outputArtifactKey"
        if name not in siblings:
            yield f"{where}.producerSubtask", f"there is no task {name!r} in this DAG: {suggestion(name, siblings)}"
        elif (producer := view.components.get(component_name(siblings[name]))) is not None:
            known, output = declared(producer, "output", kind), selector.get(key, "")
            if output not in known:
                yield f"{where}.{key}", f"task {name!r} has no output {output!r} among its {kind}: {suggestion(output, known)}"
    if not list(_each(spec, path)):
        yield path, "nothing says which task's output it is: add a selector"


def _each(spec: Document, path: str) -> list[tuple[str, Document]]:
    if "valueFromParameter" in spec:
        return [(f"{path}.valueFromParameter", spec["valueFromParameter"])]
    several = spec.get("valueFromOneof", {}).get("parameterSelectors", [])
    base = f"{path}.valueFromOneof.parameterSelectors" if "valueFromOneof" in spec else f"{path}.artifactSelectors"
    return [(f"{base}[{i}]", s) for i, s in enumerate(several or spec.get("artifactSelectors", []))]
