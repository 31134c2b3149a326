"""`kflite run`: run a target in the foreground or in the background, or print what it would do."""

from __future__ import annotations

from typing import Unpack

import click

from kflite.cli.common import ARTIFACT, CliContext, as_json
from kflite.cli.options import SharedOptions, as_options, shared_options


@click.command()
@click.argument("target")
@click.option("--param", "-p", "pairs", multiple=True, metavar="K=V", help="A parameter; more than once for more.")
@click.option("--artifact", "-a", "made", multiple=True, metavar="K=V", help=ARTIFACT)
@click.option("--params", "file", default="", metavar="FILE", help="Parameters from a YAML or JSON file.")
@shared_options
@click.option(
    "--parallel", type=click.IntRange(min=0), default=0, help="The number of tasks at once; 0: as many as there is room for."
)
@click.option("--fail-fast", is_flag=True, help="Stop the run at the first failure.")
@click.option("--submit", is_flag=True, help="Print the run's id and leave it to `kflite serve`.")
@click.option("--dry-run", is_flag=True, help="Print the first jobs; start nothing.")
@as_json
@click.pass_obj
def run(
    context: CliContext,
    target: str,
    pairs: tuple[str, ...],
    made: tuple[str, ...],
    file: str,
    on: str,
    parallel: int,
    fail_fast: bool,
    detach: bool,
    submit: bool,
    dry_run: bool,
    json_: bool,
    **shared: Unpack[SharedOptions],
) -> int:
    """Run TARGET to its end.

    TARGET is file.py, file.py:name, package.module:name, a YAML, JSON, zip or tar.gz file with KFP v2 IR, or
    pipeline:NAME[@VERSION], which was uploaded (see kflite pipelines).
    """
    settings = context.with_flags({"on": on})
    from kflite.engine.executors import Executors

    executors = Executors(settings)
    if not (dry_run or detach or submit):
        executors.warm(settings.on)  # it starts while the target is loaded

    from kflite.cli.common import artifacts, parameters
    from kflite.runs.ignored_settings import of_document
    from kflite.runs.submit import runnable, target_submission
    from kflite.terminal.ignored_settings import report

    loaded = context.target(target)
    values = {**parameters(runnable(loaded), pairs, file), **artifacts(made)}
    options = as_options(shared, settings, parallel, fail_fast)
    submission = target_submission(loaded, values, options, context.submit_context(settings))
    report(of_document(submission.kind, submission.document, submission.on))
    if dry_run:
        from kflite.cli.dry_run import dry

        return dry(settings, submission, json_)
    if detach or submit:
        from kflite.cli import background

        return (background.submit if submit else background.detach)(settings, submission, json_)
    from kflite.cli.foreground import foreground

    return foreground(settings, executors, lambda client: client.start(submission), json_)
