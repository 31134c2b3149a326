"""Checks of one task in a DAG: its component, dependencies, inputs, loop, condition and policies."""

from __future__ import annotations

import json

from kflite.ir import condition, inputs
from kflite.ir.document import Document, Problems, Site, component_name, declared, tasks
from kflite.ir.inputs import no_task
from kflite.ir.names import suggestion
from kflite.ir.references import condition_inputs
from kflite.ir.types import type_of


def problems(site: Site) -> Problems:
    """All problems of a task."""
    name, label = component_name(site.spec), site.spec.get("taskInfo", {}).get("name", "")
    if site.component is None:
        yield f"{site.path}.componentRef", f"there is no component {name!r}: {suggestion(name, site.view.components)}"
    if not label.isprintable():
        yield f"{site.path}.taskInfo.name", f"{label!r} holds line breaks or control characters: leave them out"
    for index, parent in enumerate(site.spec.get("dependentTasks", ())):
        if parent not in tasks(site.parent):
            yield f"{site.path}.dependentTasks[{index}]", no_task(site, parent)
    for kind in ("parameters", "artifacts"):
        yield from inputs.problems(site, kind)
    yield from _trigger(site)
    yield from _loop(site)
    yield from _policies(site)


def _trigger(site: Site) -> Problems:
    expression, path = site.spec.get("triggerPolicy", {}).get("condition", ""), f"{site.path}.triggerPolicy.condition"
    if not expression:
        return
    if bad := condition.condition_problem(expression):
        yield path, bad
    for name in sorted(condition_inputs(expression) - site.parameters.keys()):
        yield path, f"it reads the input {name!r}, which the task is not given: {suggestion(name, site.parameters)}"
    label = (site.component or {}).get("executorLabel", "")
    if "importer" in site.view.executors.get(label, {}):
        yield path, "an importer cannot have a condition (KFP refuses it): put the importer into a branch of its own"


def _loop(site: Site) -> Problems:
    for key, kind in (("parameterIterator", "parameters"), ("artifactIterator", "artifacts")):
        if key in site.spec:
            loop, path = site.spec[key], f"{site.path}.{key}"
            yield from _items(site, loop.get("items", {}), kind, f"{path}.items")
            known = declared(site.component, "input", kind) if site.component is not None else {}
            if site.component is not None and (name := loop.get("itemInput", "")) not in known:
                text = f"component {component_name(site.spec)!r} has no input {name!r} to take an item: {suggestion(name, known)}"
                yield f"{path}.itemInput", text


def _items(site: Site, items: Document, kind: str, path: str) -> Problems:
    if "raw" in items:
        if not isinstance(_parsed(items["raw"]), list):
            yield f"{path}.raw", "it must be a JSON list, such as '[1, 2]'"
        return
    key = "inputParameter" if kind == "parameters" else "inputArtifact"
    inputs_of_task, name = site.parameters if kind == "parameters" else site.artifacts, items.get(key, "")
    if name not in inputs_of_task:
        yield f"{path}.{key}", f"the task is given no input {name!r} to loop over: {suggestion(name, inputs_of_task)}"
    elif kind == "parameters" and site.component is not None:
        type_found = type_of(declared(site.component, "input", kind).get(name, {}))
        if type_found not in ("LIST", "STRING", ""):
            yield f"{path}.{key}", f"it loops over {name!r}, which is {type_found}: a loop needs a LIST"


def _parsed(text: str) -> object:
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return parsed


def _policies(site: Site) -> Problems:
    retry, limit = site.spec.get("retryPolicy", {}), site.spec.get("iteratorPolicy", {}).get("parallelismLimit", 0)
    for key, least in (("maxRetryCount", 0), ("backoffFactor", 0)):
        if retry.get(key, 0) < least:
            yield f"{site.path}.retryPolicy.{key}", f"{retry[key]} is negative: give 0 or more"
    for key in ("backoffDuration", "backoffMaxDuration"):
        if str(retry.get(key, "")).startswith("-"):
            yield f"{site.path}.retryPolicy.{key}", f"{retry[key]} is negative: give 0s or more"
    if limit < 0:
        yield f"{site.path}.iteratorPolicy.parallelismLimit", f"{limit} is negative: give 0 for no limit, or more"
