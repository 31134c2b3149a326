"""`kflite compile` and `kflite check`: write or check a target without running it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kflite.cli.common import CliContext, as_json, out, parameters
from kflite.errors import InputError

if TYPE_CHECKING:
    from kflite.config import Settings
    from kflite.core.value import Value
    from kflite.ir import Pipeline
    from kflite.ir.document import Document
    from kflite.target.target import Target
    from kflite.terminal.style import Line


_OUTPUT = "A .yaml, .json, .zip or .tar.gz file; standard output, in YAML, if not given."


@click.command("compile")
@click.argument("target")
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help=_OUTPUT)
@click.option("--name", default="", help="Rename the pipeline.")
@click.option("--param", "-p", "pairs", multiple=True, metavar="K=V", help="A parameter's default; more than once for more.")
@click.option("--params", "file", default="", metavar="FILE", help="Parameters' defaults from a YAML or JSON file.")
@click.option("--manifest", is_flag=True, help="Write Kubernetes manifests of kinds Pipeline and PipelineVersion.")
@click.option("--version", default="", help="The name of the manifest's PipelineVersion.")
@click.option("--namespace", default="", help="The manifests' namespace.")
@click.pass_obj
def compile_(
    context: CliContext,
    target: str,
    output: Path | None,
    name: str,
    pairs: tuple[str, ...],
    file: str,
    manifest: bool,
    version: str,
    namespace: str,
) -> None:
    """Write TARGET as KFP v2 IR, which every KFP backend runs.

    With KFP_DISABLE_EXECUTION_CACHING_BY_DEFAULT=1 in the environment, only tasks that ask for caching get it.
    """
    from kflite.ir.check import ensure
    from kflite.ir.edit import renamed, with_defaults
    from kflite.runs.submit import runnable

    if (version or namespace) and not manifest:
        raise InputError("--version and --namespace are of manifests: give --manifest too")
    loaded = context.target(target)
    pipeline = runnable(loaded)
    pipeline = with_defaults(pipeline, parameters(pipeline, pairs, file)) if pairs or file else pipeline
    pipeline = renamed(pipeline, name) if name else pipeline
    ensure(pipeline, loaded.source)
    write(pipeline, output, manifest, version, namespace)


def write(pipeline: Pipeline, output: Path | None, manifest: bool, version: str = "", namespace: str = "") -> None:
    """Write a pipeline to a file or to standard output, and warn where a KFP backend behaves differently from kflite.

    version: the name of the manifest's PipelineVersion.
    """
    from kflite.ir.kfp_differences import kfp_differences
    from kflite.ir.pack import pack
    from kflite.ir.write import dumps_yaml, manifests
    from kflite.ir.write import manifest as as_manifest
    from kflite.terminal.out import Out

    text = as_manifest(pipeline, version, namespace) if manifest else dumps_yaml(pipeline)
    Out(sys.stderr).lines(((line, "yellow"),) for line in kfp_differences(pipeline.documents))
    if output is None:
        return click.echo(text, nl=False)
    data = pack(manifests(pipeline) if manifest else pipeline.documents, text, output.name)
    try:
        output.write_bytes(data)
    except OSError as error:
        raise InputError(f"--output {output}: {error.strerror}") from error
    return out().line(str(output))


@click.command()
@click.argument("target")
@click.option("--param", "-p", "pairs", multiple=True, metavar="K=V", help="A parameter to check, too; more than once for more.")
@click.option("--params", "file", default="", metavar="FILE", help="Parameters from a YAML or JSON file.")
@click.option("--on", default="", metavar="WHERE", help="The target to run on: reports settings without effect there.")
@as_json
@click.pass_obj
def check(context: CliContext, target: str, pairs: tuple[str, ...], file: str, on: str, json_: bool) -> None:
    """Check all of TARGET and print its plan, without running it."""
    from kflite.ir.check import ensure
    from kflite.ir.ignored_settings import ignored_settings
    from kflite.runs.submit import runnable
    from kflite.terminal.ignored_settings import report

    loaded = context.target(target)
    pipeline = runnable(loaded)
    values = parameters(pipeline, pairs, file) if pairs or file else None
    ensure(pipeline, loaded.source, values)
    settings = ignored_settings(pipeline.documents, _destination(context.with_flags({"on": on})))
    answer = _cluster_answer(context, loaded, on, values or {})
    if json_:
        checked: dict[str, Value] = {"name": loaded.name, "source": loaded.source, "valid": True, "ignored": _ignored(pipeline)}
        without_effect: list[Value] = [{"setting": s.setting, "reason": s.why, "tasks": [*s.tasks]} for s in settings]
        checked |= {"ignored_settings": without_effect} | ({"cluster": answer} if answer else {})
        return out().document(checked)
    out().lines((*plan_lines(pipeline), *([((answer, ""),)] if answer else [])))
    return report(settings)


def _destination(settings: Settings) -> str:
    """The target to run on. Raises InputError for an unknown one."""
    from kflite.engine.executors import Executors

    Executors(settings)(settings.on)
    return settings.on


def _cluster_answer(context: CliContext, loaded: Target, on: str, values: Mapping[str, Value]) -> str:
    """The cluster's answer to a dry run of the first manifests; "" for other targets.

    Raises InputError for its objections.
    """
    from kflite.engine.destination import cluster_of
    from kflite.engine.dry_run import refusals
    from kflite.errors import InvalidPipeline
    from kflite.runs.options import SubmitOptions
    from kflite.runs.submit import target_submission

    settings = context.with_flags({"on": on})
    if cluster_of(settings.on) is None:
        return ""
    try:
        submission = target_submission(loaded, values, SubmitOptions(on=settings.on), context.submit_context(settings))
    except InvalidPipeline as error:
        return f"{settings.on} was not asked: {error}"
    if refused := refusals(settings, submission):
        raise InputError(f"{loaded.source}: {settings.on} would refuse it:\n  " + "\n  ".join(refused))
    return f"{settings.on} would take what it begins with"


def _ignored(pipeline: Pipeline) -> list[Value]:
    from kflite.ir.check import ignored

    return [{"path": path, "reason": reason} for path, reason in ignored(pipeline)]


def plan_lines(pipeline: Pipeline) -> Iterator[Line]:
    """A pipeline's inputs and tasks, and the parts that KFP ignores."""
    from kflite.core.value import with_integers
    from kflite.format import clean, value
    from kflite.ir.check import ignored
    from kflite.ir.document import DocumentView, declared

    whole = DocumentView(pipeline.documents[0])
    root = whole.document["root"]
    yield ((pipeline.name, "bold"), ("  is valid", "green"))
    for name, spec in declared(root, "input", "parameters").items():
        default = f" = {value(with_integers(spec['defaultValue']))}" if "defaultValue" in spec else ""
        yield (("  takes ", "dim"), (clean(f"{name}: {spec['parameterType']}{default}"), ""))
    for name, spec in declared(root, "input", "artifacts").items():
        many = "list of " if spec.get("isArtifactList") else ""
        kind = spec.get("artifactType", {}).get("schemaTitle", "system.Artifact")
        yield (("  takes ", "dim"), (clean(f"{name}: {many}{kind}"), ""), ("  by --artifact", "dim"))
    yield from _tasks(root, whole.components, "  ")
    for path, reason in ignored(pipeline):
        yield ((clean(f"{path}: {reason}"), "yellow"),)


def _tasks(body: Document, components: Mapping[str, Document], indent: str) -> Iterator[Line]:
    from kflite.ir.document import component_name, parents, tasks

    for name, task in tasks(body).items():
        after = ", ".join(sorted(parents(task)))
        yield ((f"{indent}{name}", ""), (_how(task), "cyan"), (f"  after {after}" if after else "", "dim"))
        yield from _tasks(components.get(component_name(task), {}), components, indent + "  ")


def _how(task: Document) -> str:
    """A task's condition or loop."""
    from kflite.ir.document import loop_of

    condition = task.get("triggerPolicy", {}).get("condition")
    return f"  if {condition}" if condition else "  for each item" if loop_of(task) else ""
