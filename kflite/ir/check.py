"""Checks pipelines before they are submitted: KFP's own checks, and more, so that no run starts that is bound to fail.

All problems are reported at once, each with its path in the document and a remedy.
"""

from __future__ import annotations

from collections.abc import Mapping

from kflite.core.value import Value
from kflite.errors import InvalidPipeline
from kflite.ir import component, executor, parameter, platform, workspace
from kflite.ir.document import Document, DocumentView, Problems, component_name, declared, tasks
from kflite.ir.names import bad_key, bad_pipeline, child_path
from kflite.ir.pipeline import Pipeline

SCHEMA = "2.1.0"
MOST_TASKS = 1_000_000  # with nested pipelines expanded and each loop counted once: more would not fit into memory

_RETRIED_GROUP = "each task inside that asks for no retries has these; KFP ignores them: for it, set them on the tasks inside"


def check(pipeline: Pipeline, parameters: Mapping[str, Value] | None = None) -> list[tuple[str, str]]:
    """All (path in the document, problem with its remedy) of a pipeline, and of the parameters of a run."""
    view = DocumentView(pipeline.documents[0])
    problems = [*_head(view.document), *_bodies(view), *executor.problems(view), *platform.problems(view, pipeline.platforms)]
    problems += workspace.problems(view, pipeline.platforms)
    if parameters is not None:
        problems += parameter.problems(view.document, parameters)
    return problems


def ensure(pipeline: Pipeline, source: str, parameters: Mapping[str, Value] | None = None) -> None:
    """Raise InvalidPipeline, naming `source`, if `check` finds a problem."""
    if problems := check(pipeline, parameters):
        raise InvalidPipeline(source, problems)


def ignored(pipeline: Pipeline) -> list[tuple[str, str]]:
    """All (path in the document, explanation with its remedy) of a valid pipeline's settings that are ignored."""
    view = DocumentView(pipeline.documents[0])
    retried = [
        (f"{child_path(f'{path}.dag.tasks', name)}.retryPolicy", _RETRIED_GROUP)
        for path, body in view.bodies
        for name, task in tasks(body).items()
        if task.get("retryPolicy", {}).get("maxRetryCount") and "dag" in view.components.get(component_name(task), {})
    ]
    return [*retried, *executor.ignored(view), *platform.ignored(pipeline.platforms)]


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


def _bodies(view: DocumentView) -> Problems:
    for name in view.components:
        if wrong := bad_key(name):
            yield "components", wrong
    for path, body in view.bodies:
        if path != "root" or body:
            yield from component.problems(view, body, path)
    if "root" in view.document and "dag" not in view.document["root"]:
        yield "root", "it has no dag: a pipeline's root holds tasks, and a component alone is wrapped in one"
    yield from _root_inputs(view.document.get("root", {}))
    yield from _size(view)


def _root_inputs(root: Document) -> Problems:
    for name, spec in declared(root, "input", "parameters").items():
        kind = spec.get("parameterType")
        if kind == "TASK_FINAL_STATUS" or (kind == "TASK_CONFIG" and not spec.get("isOptional")):
            yield (
                child_path("root.inputDefinitions.parameters", name),
                f"a pipeline cannot take {kind}: only a task inside one can",
            )


def _size(view: DocumentView) -> Problems:
    """Recursive components, and pipelines that expand to too many tasks."""
    sizes: dict[str, int] = {}
    open_components: list[str] = []
    stack: list[tuple[str, bool]] = [(name, False) for name in ("", *view.components)]
    while stack:
        name, done = stack.pop()
        body = view.components.get(name, {}) if name else view.document.get("root", {})
        inner = [n for t in tasks(body).values() if (n := component_name(t)) in view.components]
        if done:
            open_components.pop()
            sizes[name] = len(tasks(body)) + sum(sizes.get(n, 0) for n in inner)
        elif name in open_components:
            cycle = [*open_components[open_components.index(name) :], name]
            yield child_path("components", name), f"it contains itself ({' -> '.join(cycle)}): a pipeline cannot be recursive"
        elif name not in sizes:
            open_components.append(name)
            stack += [(name, True), *((n, False) for n in set(inner))]
    if sizes.get("", 0) > MOST_TASKS:
        yield "root", f"with its sub-pipelines written out it has {sizes['']:,} tasks: the limit is {MOST_TASKS:,}"
