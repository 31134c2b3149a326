"""Checking pipelines: what real KFP checks at submit, and further, so that nothing starts that cannot end well.

Every problem is found in one go, each with its path in the document and what to do about it.
"""

from __future__ import annotations

from collections.abc import Mapping

from kflite.core.value import Value
from kflite.errors import InvalidPipeline
from kflite.ir import component, executor, parameter, platform, workspace
from kflite.ir.document import Document, Problems, Whole, declared, referred, tasks
from kflite.ir.names import bad_key, bad_pipeline, below
from kflite.ir.pipeline import Pipeline

SCHEMA = "2.1.0"
MOST_TASKS = 1_000_000  # with every sub-pipeline written out, loops once: more could not be held

_RETRIED_WHOLE = "each task inside that asks for no retries has these; KFP ignores them: for it, set them on the tasks inside"


def check(pipeline: Pipeline, parameters: Mapping[str, Value] | None = None) -> list[tuple[str, str]]:
    """All (path in the document, problem with its remedy) of a pipeline, and of the parameters that a run is to have."""
    whole = Whole(pipeline.documents[0])
    found = [*_head(whole.document), *_bodies(whole), *executor.problems(whole), *platform.problems(whole, pipeline.platforms)]
    found += workspace.problems(whole, pipeline.platforms)
    if parameters is not None:
        found += parameter.problems(whole.document, parameters)
    return found


def ensure(pipeline: Pipeline, source: str, parameters: Mapping[str, Value] | None = None) -> None:
    """Raise InvalidPipeline, naming `source`, where `check` finds something."""
    if problems := check(pipeline, parameters):
        raise InvalidPipeline(source, problems)


def ignored(pipeline: Pipeline) -> list[tuple[str, str]]:
    """All (path in the document, what of it KFP ignores, and what to do) of a sound pipeline."""
    whole = Whole(pipeline.documents[0])
    retried = [
        (f"{below(f'{path}.dag.tasks', name)}.retryPolicy", _RETRIED_WHOLE)
        for path, body in whole.bodies
        for name, task in tasks(body).items()
        if task.get("retryPolicy", {}).get("maxRetryCount") and "dag" in whole.components.get(referred(task), {})
    ]
    return [*retried, *executor.unheeded(whole), *platform.unheeded(pipeline.platforms)]


def _head(document: Document) -> Problems:
    version = document.get("schemaVersion", "")
    if version != SCHEMA:
        yield "schemaVersion", f"{version!r} is not {SCHEMA!r}, which KFP 2 reads: compile the pipeline with kfp 2"
    name = document.get("pipelineInfo", {}).get("name", "")
    if not name:
        yield "pipelineInfo.name", "the pipeline has no name: give it one"
    elif wrong := bad_pipeline(name):
        yield "pipelineInfo.name", wrong
    if "root" not in document:
        yield "root", "the pipeline has no root: compile it again, or add the DAG to run"


def _bodies(whole: Whole) -> Problems:
    for name in whole.components:
        if wrong := bad_key(name):
            yield "components", wrong
    for path, body in whole.bodies:
        if path != "root" or body:
            yield from component.problems(whole, body, path)
    if "root" in whole.document and "dag" not in whole.document["root"]:
        yield "root", "it has no dag: a pipeline's root holds tasks, and a component alone is wrapped in one"
    yield from _root_inputs(whole.document.get("root", {}))
    yield from _size(whole)


def _root_inputs(root: Document) -> Problems:
    for name, spec in declared(root, "input", "parameters").items():
        kind = spec.get("parameterType")
        if kind == "TASK_FINAL_STATUS" or (kind == "TASK_CONFIG" and not spec.get("isOptional")):
            yield below("root.inputDefinitions.parameters", name), f"a pipeline cannot take {kind}: only a task inside one can"


def _size(whole: Whole) -> Problems:
    """Components that contain themselves, and pipelines that multiply beyond any use."""
    sizes: dict[str, int] = {}
    open_: list[str] = []
    stack: list[tuple[str, bool]] = [(name, False) for name in ("", *whole.components)]
    while stack:
        name, done = stack.pop()
        body = whole.components.get(name, {}) if name else whole.document.get("root", {})
        inner = [n for t in tasks(body).values() if (n := referred(t)) in whole.components]
        if done:
            open_.pop()
            sizes[name] = len(tasks(body)) + sum(sizes.get(n, 0) for n in inner)
        elif name in open_:
            ring = [*open_[open_.index(name) :], name]
            yield below("components", name), f"it contains itself ({' -> '.join(ring)}): a pipeline cannot be recursive"
        elif name not in sizes:
            open_.append(name)
            stack += [(name, True), *((n, False) for n in set(inner))]
    if sizes.get("", 0) > MOST_TASKS:
        yield "root", f"with its sub-pipelines written out it has {sizes['']:,} tasks: the limit is {MOST_TASKS:,}"
