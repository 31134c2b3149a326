"""Checks of one component: its declarations, and its DAG with what the DAG gives."""

from __future__ import annotations

from collections.abc import Mapping

from kflite.ir import task
from kflite.ir.document import Document, Problems, Site, Whole, declared, parents, referred, tasks
from kflite.ir.names import bad_key, bad_task, below, near
from kflite.ir.types import WORDS, type_of, wrong


def problems(whole: Whole, body: Document, path: str) -> Problems:
    """Everything that is wrong with the component at `path`."""
    for side in ("input", "output"):
        yield from _parameters(declared(body, side, "parameters"), f"{path}.{side}Definitions.parameters")
        yield from _names(declared(body, side, "artifacts"), f"{path}.{side}Definitions.artifacts")
    if "dag" in body:
        yield from _dag(whole, body, path)
    elif "executorLabel" not in body:
        yield path, "it has neither dag nor executorLabel: say what runs"
    elif (label := body["executorLabel"]) not in whole.executors:
        yield f"{path}.executorLabel", f"deploymentSpec.executors has no {label!r}: {near(label, whole.executors)}"


def _names(specs: Mapping[str, Document], path: str) -> Problems:
    for name in specs:
        if bad := bad_key(name):
            yield path, bad


def _parameters(specs: Mapping[str, Document], path: str) -> Problems:
    yield from _names(specs, path)
    for name, spec in specs.items():
        kind = type_of(spec)
        if kind not in WORDS:
            yield below(path, name), f"it has no parameterType: give it one of {', '.join(WORDS)}"
        elif spec.get("defaultValue") is not None and (bad := wrong(spec["defaultValue"], spec)):
            yield f"{below(path, name)}.defaultValue", bad


def _dag(whole: Whole, body: Document, path: str) -> Problems:
    found = tasks(body)
    if not found:
        yield f"{path}.dag.tasks", "the DAG has no task: add one"
    for name, spec in found.items():
        if bad := bad_task(name):
            yield f"{path}.dag.tasks", bad
        yield from task.problems(Site(whole, body, spec, below(f"{path}.dag.tasks", name)))
    if found and all(t.get("triggerPolicy", {}).get("strategy") == "ALL_UPSTREAM_TASKS_COMPLETED" for t in found.values()):
        yield f"{path}.dag.tasks", "every task is one that runs after others have ended: the DAG needs one that is not"
    yield from _cycle(found, f"{path}.dag.tasks")
    yield from _outputs(whole, body, path)


def _cycle(found: Mapping[str, Document], path: str) -> Problems:
    """The first cycle, by following edges backwards from a task that can never start."""
    waits_for = {name: {p for p in parents(spec) if p in found} for name, spec in found.items()}
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
        yield path, f"the tasks wait for one another: {' -> '.join(_ring(waits_for, stuck))}; remove one of these dependencies"


def _ring(parents: Mapping[str, set[str]], stuck: set[str]) -> list[str]:
    name = min(stuck)
    walk: list[str] = []
    seen: set[str] = set()
    while name not in seen:
        seen.add(name)
        walk.append(name)
        name = min(parents[name] & stuck)
    ring = [*walk[walk.index(name) :], name][::-1]
    return ring if len(ring) <= 12 else [*ring[:10], "…", ring[-1]]


def _outputs(whole: Whole, body: Document, path: str) -> Problems:
    outputs, base = body["dag"].get("outputs", {}), f"{path}.dag.outputs"
    for kind in ("parameters", "artifacts"):
        given, known = outputs.get(kind, {}), declared(body, "output", kind)
        for name, spec in given.items():
            where = below(f"{base}.{kind}", name)
            if name not in known:
                yield where, f"the component declares no such output: {near(name, known)}"
            yield from _selectors(whole, tasks(body), spec, where, kind)
        for name in known.keys() - given.keys():
            where = below(f"{path}.outputDefinitions.{kind}", name)
            yield where, f"no task gives this output: add it to dag.outputs.{kind}, or remove it"


def _selectors(whole: Whole, found: Mapping[str, Document], spec: Document, path: str, kind: str) -> Problems:
    for where, selector in _each(spec, path):
        name, key = selector.get("producerSubtask", ""), "outputParameterKey" if kind == "parameters" else "outputArtifactKey"
        if name not in found:
            yield f"{where}.producerSubtask", f"there is no task {name!r} in this DAG: {near(name, found)}"
        elif (producer := whole.components.get(referred(found[name]))) is not None:
            known, output = declared(producer, "output", kind), selector.get(key, "")
            if output not in known:
                yield f"{where}.{key}", f"task {name!r} has no output {output!r} among its {kind}: {near(output, known)}"
    if not list(_each(spec, path)):
        yield path, "nothing says which task's output it is: add a selector"


def _each(spec: Document, path: str) -> list[tuple[str, Document]]:
    if "valueFromParameter" in spec:
        return [(f"{path}.valueFromParameter", spec["valueFromParameter"])]
    several = spec.get("valueFromOneof", {}).get("parameterSelectors", [])
    base = f"{path}.valueFromOneof.parameterSelectors" if "valueFromOneof" in spec else f"{path}.artifactSelectors"
    return [(f"{base}[{i}]", s) for i, s in enumerate(several or spec.get("artifactSelectors", []))]
