"""Checks of executors: what runs, and whether all that its command refers to is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kflite.core.value import Value
from kflite.errors import InputError
from kflite.ir.document import Document, Problems, Whole, declared
from kflite.ir.names import bad_key, below, near
from kflite.ir.quantity import accelerators, cpus, memory
from kflite.ir.references import Reference, of_word, references
from kflite.ir.strict import departures

_RUN = ("container", "importer")
_FREE = ("metadata", "customJob")  # of any content
_SOURCE_ARGS = ("--executor_input", "--executor-input")  # how a Python component is called: its command holds its source


def problems(whole: Whole) -> Problems:
    """Everything that is wrong with the executors of a pipeline."""
    from kflite.ir.proto import PipelineDeploymentConfig

    path = "deploymentSpec"
    held = whole.document.get(path, {})
    odd = [*departures(held, PipelineDeploymentConfig.DESCRIPTOR, path), *_nulls(held, path)]
    yield from odd
    if odd:
        return
    for label, spec in whole.executors.items():
        if wrong := bad_key(label):
            yield f"{path}.executors", wrong
        yield from _kind(spec, below(f"{path}.executors", label))
    yield from _references(whole)


def unheeded(whole: Whole) -> Problems:
    """All (path, what is to be said) of what has no effect, in sound executors."""
    for label, spec in whole.executors.items():
        for index, variable in enumerate(spec.get("container", {}).get("env", [])):
            if str(variable.get("name")).startswith("ARGO_DEBUG_PAUSE_"):
                path = below("deploymentSpec.executors", label)
                yield f"{path}.container.env[{index}]", "it pauses pods of KFP's cluster only: the task runs through"


def _nulls(value: Value, path: str) -> Problems:
    """Keys that hold null: this part of a document is kept as it was written, and nothing in it means null."""
    if isinstance(value, dict):
        for key, item in value.items():
            if item is None:
                yield below(path, key), "it is null: give a value, or remove the key"
            elif key not in _FREE:
                yield from _nulls(item, below(path, key))
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
    for key, held in spec.items():
        if isinstance(held, int | float) and held < 0:
            yield f"{path}.{key}", f"{held} is negative"
        elif key.startswith("resource"):
            yield from _quantity(held, cpus if "Cpu" in key else memory, f"{path}.{key}")
    count = str(spec.get("accelerator", {}).get("resourceCount", ""))
    yield from _quantity(count, accelerators, f"{path}.accelerator.resourceCount")


def _quantity(text: str, read: Callable[[str], float], path: str) -> Problems:
    try:
        if "{{$" not in text:
            read(text)
    except InputError as error:
        yield path, str(error)


def _references(whole: Whole) -> Problems:
    """Placeholders, seen from each component that the executor runs for."""
    for name, body in whole.components.items():
        label = body.get("executorLabel", "")
        spec = whole.executors.get(label, {})
        path = below("deploymentSpec.executors", label)
        given = whole.given.get(name, set())
        for where, reference in _found(spec, path):
            yield from _known(body, given, reference, where)
        uri = spec.get("importer", {}).get("artifactUri", {}).get("runtimeParameter")
        if uri is not None:
            found = Reference("inputs", "parameters", uri, repr(uri))
            yield from _known(body, given, found, f"{path}.importer.artifactUri.runtimeParameter")


def _found(spec: Document, path: str) -> Iterator[tuple[str, Reference | str]]:
    container, importer = spec.get("container", {}), spec.get("importer", {})
    called = any(a in _SOURCE_ARGS for a in container.get("args", ()))
    for key in ("args",) if called else ("command", "args"):
        for index, word in enumerate(container.get(key, ())):
            for found in of_word(word) if "{" in word else ():
                yield f"{path}.container.{key}[{index}]", found
    for key in ("image", "env", "resources"):
        for found in references(container.get(key, "")):
            yield f"{path}.container.{key}", found
    for key in ("metadata", "artifactUri"):
        for found in references(importer.get(key, "")):
            yield f"{path}.importer.{key}", found


def _known(body: Document, given: set[str], found: Reference | str, path: str) -> Problems:
    if isinstance(found, str):
        yield (
            path,
            f"{found} is malformed: write it like {{{{$.inputs.parameters['NAME']}}}}",
        )
        return
    if found.kind == "file":
        return
    side = found.side.removesuffix("s")
    known = {n for kind in ("parameters", "artifacts") if found.kind in ("", kind) for n in declared(body, side, kind)}
    if side == "input" and found.kind != "artifacts":
        known |= given
    if found.name not in known:
        yield path, f"{found.text} refers to {found.name!r}, and the component has no such {side}: {near(found.name, known)}"
