"""Checks of executors: their kind, and that everything their command refers to exists."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kflite.core.value import Value
from kflite.errors import InputError
from kflite.ir.document import Document, DocumentView, Problems, declared, holds_source
from kflite.ir.names import bad_key, child_path, suggestion
from kflite.ir.quantity import accelerators, cpus, memory
from kflite.ir.references import Reference, references, word_references
from kflite.ir.strict import format_problems

_RUN = ("container", "importer")
_FREE = ("metadata", "customJob")  # of any content


def problems(view: DocumentView) -> Problems:
    """All problems of a pipeline's executors."""
    from kflite.ir.proto import PipelineDeploymentConfig

    path = "deploymentSpec"
    config = view.document.get(path, {})
    problems_found = [*format_problems(config, PipelineDeploymentConfig.DESCRIPTOR, path), *_nulls(config, path)]
    yield from problems_found
    if problems_found:
        return
    for label, spec in view.executors.items():
        if wrong := bad_key(label):
            yield f"{path}.executors", wrong
        yield from _kind(spec, child_path(f"{path}.executors", label))
    yield from _references(view)


def ignored(view: DocumentView) -> Problems:
    """All (path, explanation) of settings without effect in valid executors."""
    for label, spec in view.executors.items():
        for index, variable in enumerate(spec.get("container", {}).get("env", [])):
            if str(variable.get("name")).startswith("ARGO_DEBUG_PAUSE_"):
                path = child_path("deploymentSpec.executors", label)
                yield f"{path}.container.env[{index}]", "it pauses pods of KFP's cluster only: the task runs through"


def _nulls(value: Value, path: str) -> Problems:
    """Keys with a null value, which nothing in this part of a document allows."""
    if isinstance(value, dict):
        for key, item in value.items():
            if item is None:
                yield child_path(path, key), "it is null: give a value, or remove the key"
            elif key not in _FREE:
                yield from _nulls(item, child_path(path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _nulls(item, f"{path}[{index}]")


def _kind(spec: Document, path: str) -> Problems:
    kinds = [k for k in spec if k in _RUN]
    if not kinds:
        yield path, f"{', '.join(map(repr, spec)) or 'nothing'} cannot be run: an executor is a container or an importer"
    elif kinds[0] == "container":
        yield from _container(spec["container"], f"{path}.container")
    elif not {"constant", "runtimeParameter"} & spec["importer"].get("artifactUri", {}).keys():
        yield f"{path}.importer.artifactUri", "it names no URI: give it as 'constant', or an input's name as 'runtimeParameter'"


def _container(spec: Document, path: str) -> Problems:
    image = spec.get("image", "")
    if not image:
        yield f"{path}.image", "the container has no image: name one"
    elif not image.isprintable() or (" " in image and "{{$" not in image) or image != image.strip():
        yield f"{path}.image", f"{image!r} cannot name an image: it holds spaces or control characters"
    for index, variable in enumerate(spec.get("env", [])):
        name = variable.get("name", "")
        if not name or "=" in name or not name.isprintable():
            yield f"{path}.env[{index}].name", f"{name!r} cannot name an environment variable: use letters, digits and '_'"
    yield from _resources(spec.get("resources", {}), f"{path}.resources")


def _resources(spec: Document, path: str) -> Problems:
    for key, value in spec.items():
        if isinstance(value, int | float) and value < 0:
            yield f"{path}.{key}", f"{value} is negative"
        elif key.startswith("resource"):
            yield from _quantity(value, cpus if "Cpu" in key else memory, f"{path}.{key}")
    count = str(spec.get("accelerator", {}).get("resourceCount", ""))
    yield from _quantity(count, accelerators, f"{path}.accelerator.resourceCount")


def _quantity(text: str, read: Callable[[str], float], path: str) -> Problems:
    try:
        if "{{$" not in text:
            read(text)
    except InputError as error:
        yield path, str(error)


def _references(view: DocumentView) -> Problems:
    """Problems of placeholders, for each component that uses the executor."""
    for name, body in view.components.items():
        label = body.get("executorLabel", "")
        spec = view.executors.get(label, {})
        path = child_path("deploymentSpec.executors", label)
        passed = view.passed_parameters.get(name, set())
        for where, reference in _executor_references(spec, path):
            yield from _unknown_name(body, passed, reference, where)
        uri = spec.get("importer", {}).get("artifactUri", {}).get("runtimeParameter")
        if uri is not None:
            reference = Reference("inputs", "parameters", uri, repr(uri))
            yield from _unknown_name(body, passed, reference, f"{path}.importer.artifactUri.runtimeParameter")


def _executor_references(spec: Document, path: str) -> Iterator[tuple[str, Reference | str]]:
    container, importer = spec.get("container", {}), spec.get("importer", {})
    for key in ("args",) if holds_source(container) else ("command", "args"):
        for index, word in enumerate(container.get(key, ())):
            for reference in word_references(word) if "{" in word else ():
                yield f"{path}.container.{key}[{index}]", reference
    for key in ("image", "env", "resources"):
        for reference in references(container.get(key, "")):
            yield f"{path}.container.{key}", reference
    for key in ("metadata", "artifactUri"):
        for reference in references(importer.get(key, "")):
            yield f"{path}.importer.{key}", reference


def _unknown_name(body: Document, passed: set[str], reference: Reference | str, path: str) -> Problems:
    if isinstance(reference, str):
        yield (
            path,
            f"{reference} is malformed: write it like {{{{$.inputs.parameters['NAME']}}}}",
        )
        return
    if reference.kind == "file":
        return
    side = reference.side.removesuffix("s")
    known = {n for kind in ("parameters", "artifacts") if reference.kind in ("", kind) for n in declared(body, side, kind)}
    if side == "input" and reference.kind != "artifacts":
        known |= passed
    if reference.name not in known:
        remedy = suggestion(reference.name, known)
        yield path, f"{reference.text} refers to {reference.name!r}, and the component has no such {side}: {remedy}"
