"""`kflite clone`: run again with other parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kflite.cli.common import ARTIFACT, CliContext, artifacts, as_json, find_run, optional_run, texts

if TYPE_CHECKING:
    from kflite.core.value import Value
    from kflite.runs.stored import Database, RunRow


@click.command()
@optional_run
@click.option("--param", "-p", "pairs", multiple=True, metavar="K=V", help="A parameter to change; more than once for more.")
@click.option("--artifact", "-a", "made", multiple=True, metavar="K=V", help=ARTIFACT)
@click.option("--detach", is_flag=True, help="Print the new run's id and leave it running in the background.")
@as_json
@click.pass_obj
def clone(context: CliContext, run: str, pairs: tuple[str, ...], made: tuple[str, ...], detach: bool, json_: bool) -> int:
    """Run RUN's pipeline again, with the same parameters and artifacts except those given here."""
    from kflite.cli.background import detach as begin
    from kflite.cli.foreground import foreground
    from kflite.runs.submit import clone_submission

    with context.store() as store:
        row = find_run(store, run)
        changes = {**_parsed(store, row, pairs), **artifacts(made)}
        submission = clone_submission(store, row, changes, context.settings.artifacts)
    if detach:
        return begin(context.settings, submission, json_)
    return foreground(context.settings, None, lambda client: client.start(submission), json_)


def _parsed(store: Database, row: RunRow, pairs: tuple[str, ...]) -> dict[str, Value]:
    """The parameters, read as the types that the run's pipeline declares."""
    from kflite.ir.parameter import parse
    from kflite.plans.kinds import inner_pipeline

    return parse(inner_pipeline(*store.plan(row.plan)), texts(pairs))
