"""Checks of what a task is given: each input declared, each source there and of a type that fits, and nothing missing."""

from __future__ import annotations

from kflite.core.value import Value
from kflite.ir.document import Document, Problems, Site, declared, iterator, output_type, referred, tasks
from kflite.ir.names import below, near
from kflite.ir.references import references, selected
from kflite.ir.types import WORDS, feeds, type_of, wrong

_OF_KFP = "kfp writes this where a text inside another group holds a loop's item: pass the item as an input of its own"
_CHANNEL = "pipelinechannel--"  # how compilers name inputs that only placeholders and conditions use


def no_task(site: Site, name: str) -> str:
    """The problem of a task that is named and not there."""
    return f"there is no task {name!r} in this DAG: {near(name, tasks(site.around))}"


def problems(site: Site, kind: str) -> Problems:
    """Everything that is wrong with a task's inputs of one kind: parameters or artifacts."""
    given = site.parameters if kind == "parameters" else site.artifacts
    known = declared(site.component, "input", kind) if site.component is not None else {}
    for name, source in given.items():
        path = below(f"{site.path}.inputs.{kind}", name)
        if name not in known and site.component is not None and not _auxiliary(name, source, kind):
            yield path, f"component {referred(site.spec)!r} has no such input among its {kind}: {near(name, known)}"
        yield from _parameter(site, known.get(name), source, path) if kind == "parameters" else _artifact(site, source, path)
    for name in known.keys() - given.keys():
        if not _spared(site, name, known[name]):
            text = f"component {referred(site.spec)!r} needs the input {name!r}: give it, or make it optional"
            yield f"{site.path}.inputs.{kind}", text


def _auxiliary(name: str, source: Document, kind: str) -> bool:
    """Whether an input that the component does not declare is one of those that compilers add for placeholders."""
    constant = source.get("runtimeValue", {}).get("constant")
    return kind == "parameters" and (name.startswith(_CHANNEL) or (isinstance(constant, str) and "{{$" in constant))


def _spared(site: Site, name: str, spec: Document) -> bool:
    optional = spec.get("isOptional") or "defaultValue" in spec or spec.get("parameterType") == "TASK_CONFIG"
    return bool(optional) or iterator(site.spec).get("itemInput") == name


def _parameter(site: Site, spec: Document | None, given: Document, path: str) -> Problems:
    if "taskFinalStatus" not in given:
        yield from source(site, spec, given, path)
        return
    wanted = type_of(spec) if spec else ""
    producer = given["taskFinalStatus"].get("producerTask", "")
    if producer not in tasks(site.around):
        yield f"{path}.taskFinalStatus.producerTask", no_task(site, producer)
    elif not feeds("TASK_FINAL_STATUS", wanted):
        yield path, f"it takes {WORDS.get(wanted, wanted)}, and is given a final status: declare it as TASK_FINAL_STATUS"


def source(site: Site, spec: Document | None, given: Document, path: str) -> Problems:
    """Everything that is wrong with where a task, or its settings, take a value from. spec: how it is declared, None for any."""
    wanted = type_of(spec) if spec else ""
    if (selector := given.get("parameterExpressionSelector", "")) and selected(selector) is None:
        yield (
            f"{path}.parameterExpressionSelector",
            f'{selector!r} is no selector: write parseJson(string_value)["key"]',
        )
    if "componentInputParameter" in given:
        yield from _from_input(site, wanted, given, path)
    elif "taskOutputParameter" in given:
        yield from _from_task(site, wanted, given, path)
    elif "constant" in given.get("runtimeValue", {}):
        yield from _constant(site, spec, given["runtimeValue"]["constant"], path)
    else:
        yield path, "it has no source: give runtimeValue.constant, componentInputParameter or taskOutputParameter"


def _from_input(site: Site, wanted: str, source: Document, path: str) -> Problems:
    name, known = source["componentInputParameter"], declared(site.around, "input", "parameters")
    if name not in known:
        remedy = _OF_KFP if "loop-item" in name else near(name, known)
        yield f"{path}.componentInputParameter", f"the pipeline around the task has no input {name!r}: {remedy}"
    elif not ("parameterExpressionSelector" in source or "loop-item" in name):
        yield from _fits(type_of(known[name]), wanted, f"input {name!r}", path)


def _from_task(site: Site, wanted: str, source: Document, path: str) -> Problems:
    where = source["taskOutputParameter"]
    name, key = where.get("producerTask", ""), where.get("outputParameterKey", "")
    producer = tasks(site.around).get(name)
    if producer is None:
        yield f"{path}.taskOutputParameter.producerTask", no_task(site, name)
        return
    component = site.whole.components.get(referred(producer))
    known = declared(component, "output", "parameters") if component is not None else {}
    if component is not None and key not in known:
        where_key = f"{path}.taskOutputParameter.outputParameterKey"
        yield where_key, f"task {name!r} has no output parameter {key!r}: {near(key, known)}"
    elif component is not None and "parameterExpressionSelector" not in source:
        yield from _fits(output_type(producer, component, key), wanted, f"output {key!r} of task {name!r}", path)


def _fits(given: str, wanted: str, what: str, path: str) -> Problems:
    if not feeds(given, wanted):
        yield path, f"it takes {WORDS.get(wanted, wanted)} ({wanted}), and {what} is {given}: convert it where it is made"


def _constant(site: Site, spec: Document | None, value: Value, path: str) -> Problems:
    path = f"{path}.runtimeValue.constant"
    for found in references(value):
        if isinstance(found, str):
            yield path, f"the placeholder {found} is malformed: write {{{{$.inputs.parameters['NAME']}}}}"
        elif found.side == "inputs" and found.kind == "parameters" and found.name not in site.parameters:
            yield path, f"{found.text} names an input that the task is not given: {near(found.name, site.parameters)}"
    known_now = not (isinstance(value, str) and "{{$" in value)
    if spec and value is not None and known_now and (bad := wrong(value, spec)):
        yield path, bad


def _artifact(site: Site, source: Document, path: str) -> Problems:
    if "componentInputArtifact" in source:
        name, known = source["componentInputArtifact"], declared(site.around, "input", "artifacts")
        if name not in known:
            where = f"{path}.componentInputArtifact"
            yield where, f"the pipeline around the task has no input artifact {name!r}: {near(name, known)}"
    elif "taskOutputArtifact" in source:
        yield from _made(site, source["taskOutputArtifact"], f"{path}.taskOutputArtifact")
    else:
        yield path, "it has no source: give componentInputArtifact or taskOutputArtifact"


def _made(site: Site, where: Document, path: str) -> Problems:
    name, key = where.get("producerTask", ""), where.get("outputArtifactKey", "")
    producer = tasks(site.around).get(name)
    if producer is None:
        yield f"{path}.producerTask", no_task(site, name)
    elif (component := site.whole.components.get(referred(producer))) is not None:
        known = declared(component, "output", "artifacts")
        if key not in known:
            yield f"{path}.outputArtifactKey", f"task {name!r} has no output artifact {key!r}: {near(key, known)}"
