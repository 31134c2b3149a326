"""Checks of a task's inputs: all are declared, their sources exist and have a fitting type, and none is missing."""

from __future__ import annotations

from kflite.core.value import Value
from kflite.ir.document import Document, Problems, Site, component_name, declared, loop_of, output_type, tasks
from kflite.ir.names import child_path, suggestion
from kflite.ir.references import references, selector_keys
from kflite.ir.types import WORDS, feeds, type_of, value_problem

_LOOP_ITEM_REMEDY = "kfp writes this where a text inside another group holds a loop's item: pass the item as an input of its own"
_CHANNEL = "pipelinechannel--"  # the compilers' prefix of inputs that only placeholders and conditions use


def no_task(site: Site, name: str) -> str:
    """The problem text for a reference to a missing task."""
    return f"there is no task {name!r} in this DAG: {suggestion(name, tasks(site.parent))}"


def problems(site: Site, kind: str) -> Problems:
    """All problems of a task's inputs of one kind: parameters or artifacts."""
    passed = site.parameters if kind == "parameters" else site.artifacts
    known = declared(site.component, "input", kind) if site.component is not None else {}
    for name, source in passed.items():
        path = child_path(f"{site.path}.inputs.{kind}", name)
        if name not in known and site.component is not None and not _auxiliary(name, source, kind):
            yield path, f"component {component_name(site.spec)!r} has no such input among its {kind}: {suggestion(name, known)}"
        yield from _parameter(site, known.get(name), source, path) if kind == "parameters" else _artifact(site, source, path)
    for name in known.keys() - passed.keys():
        if not _may_be_missing(site, name, known[name]):
            text = f"component {component_name(site.spec)!r} needs the input {name!r}: give it, or make it optional"
            yield f"{site.path}.inputs.{kind}", text


def _auxiliary(name: str, source: Document, kind: str) -> bool:
    """Whether an undeclared input is one that compilers add for placeholders."""
    constant = source.get("runtimeValue", {}).get("constant")
    return kind == "parameters" and (name.startswith(_CHANNEL) or (isinstance(constant, str) and "{{$" in constant))


def _may_be_missing(site: Site, name: str, spec: Document) -> bool:
    optional = spec.get("isOptional") or "defaultValue" in spec or spec.get("parameterType") == "TASK_CONFIG"
    return bool(optional) or loop_of(site.spec).get("itemInput") == name


def _parameter(site: Site, spec: Document | None, passed: Document, path: str) -> Problems:
    if "taskFinalStatus" not in passed:
        yield from source(site, spec, passed, path)
        return
    wanted = type_of(spec) if spec else ""
    producer = passed["taskFinalStatus"].get("producerTask", "")
    if producer not in tasks(site.parent):
        yield f"{path}.taskFinalStatus.producerTask", no_task(site, producer)
    elif not feeds("TASK_FINAL_STATUS", wanted):
        yield path, f"it takes {WORDS.get(wanted, wanted)}, and is given a final status: declare it as TASK_FINAL_STATUS"


def source(site: Site, spec: Document | None, passed: Document, path: str) -> Problems:
    """All problems with the source of an input or setting. spec: its declaration; None if any type fits."""
    wanted = type_of(spec) if spec else ""
    if (selector := passed.get("parameterExpressionSelector", "")) and selector_keys(selector) is None:
        yield (
            f"{path}.parameterExpressionSelector",
            f'{selector!r} is no selector: write parseJson(string_value)["key"]',
        )
    if "componentInputParameter" in passed:
        yield from _from_input(site, wanted, passed, path)
    elif "taskOutputParameter" in passed:
        yield from _from_task(site, wanted, passed, path)
    elif "constant" in passed.get("runtimeValue", {}):
        yield from _constant(site, spec, passed["runtimeValue"]["constant"], path)
    else:
        yield path, "it has no source: give runtimeValue.constant, componentInputParameter or taskOutputParameter"


def _from_input(site: Site, wanted: str, source: Document, path: str) -> Problems:
    name, known = source["componentInputParameter"], declared(site.parent, "input", "parameters")
    if name not in known:
        remedy = _LOOP_ITEM_REMEDY if "loop-item" in name else suggestion(name, known)
        yield f"{path}.componentInputParameter", f"the pipeline around the task has no input {name!r}: {remedy}"
    elif not ("parameterExpressionSelector" in source or "loop-item" in name):
        yield from _fits(type_of(known[name]), wanted, f"input {name!r}", path)


def _from_task(site: Site, wanted: str, source: Document, path: str) -> Problems:
    where = source["taskOutputParameter"]
    name, key = where.get("producerTask", ""), where.get("outputParameterKey", "")
    producer = tasks(site.parent).get(name)
    if producer is None:
        yield f"{path}.taskOutputParameter.producerTask", no_task(site, name)
        return
    component = site.view.components.get(component_name(producer))
    known = declared(component, "output", "parameters") if component is not None else {}
    if component is not None and key not in known:
        where_key = f"{path}.taskOutputParameter.outputParameterKey"
        yield where_key, f"task {name!r} has no output parameter {key!r}: {suggestion(key, known)}"
    elif component is not None and "parameterExpressionSelector" not in source:
        yield from _fits(output_type(producer, component, key), wanted, f"output {key!r} of task {name!r}", path)


def _fits(passed: str, wanted: str, what: str, path: str) -> Problems:
    if not feeds(passed, wanted):
        yield path, f"it takes {WORDS.get(wanted, wanted)} ({wanted}), and {what} is {passed}: convert it where it is made"


def _constant(site: Site, spec: Document | None, value: Value, path: str) -> Problems:
    path = f"{path}.runtimeValue.constant"
    for reference in references(value):
        if isinstance(reference, str):
            yield path, f"the placeholder {reference} is malformed: write {{{{$.inputs.parameters['NAME']}}}}"
        elif reference.side == "inputs" and reference.kind == "parameters" and reference.name not in site.parameters:
            yield (
                path,
                f"{reference.text} names an input that the task is not given: {suggestion(reference.name, site.parameters)}",
            )
    is_literal = not (isinstance(value, str) and "{{$" in value)
    if spec and value is not None and is_literal and (bad := value_problem(value, spec)):
        yield path, bad


def _artifact(site: Site, source: Document, path: str) -> Problems:
    if "componentInputArtifact" in source:
        name, known = source["componentInputArtifact"], declared(site.parent, "input", "artifacts")
        if name not in known:
            where = f"{path}.componentInputArtifact"
            yield where, f"the pipeline around the task has no input artifact {name!r}: {suggestion(name, known)}"
    elif "taskOutputArtifact" in source:
        yield from _artifact_source(site, source["taskOutputArtifact"], f"{path}.taskOutputArtifact")
    else:
        yield path, "it has no source: give componentInputArtifact or taskOutputArtifact"


def _artifact_source(site: Site, where: Document, path: str) -> Problems:
    name, key = where.get("producerTask", ""), where.get("outputArtifactKey", "")
    producer = tasks(site.parent).get(name)
    if producer is None:
        yield f"{path}.producerTask", no_task(site, name)
    elif (component := site.view.components.get(component_name(producer))) is not None:
        known = declared(component, "output", "artifacts")
        if key not in known:
            yield f"{path}.outputArtifactKey", f"task {name!r} has no output artifact {key!r}: {suggestion(key, known)}"
