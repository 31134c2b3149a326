"""`kflite retry`: run again what did not succeed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kflite.cli.common import CliContext, as_json, find_run, optional_run, out

if TYPE_CHECKING:
    from kflite.runs.retry import PreparedRetry
    from kflite.runs.stored import Database, RunRow

_STYLES = {"keep": "dim", "again": "yellow", "drop": "red"}


@click.command()
@optional_run
@click.option("--with", "target", default="", metavar="TARGET", help="Use this changed pipeline for the rest of the run.")
@click.option("--keep", is_flag=True, help="Keep all successful tasks, even if their steps have changed.")
@click.option("--task", "-t", "tasks", multiple=True, metavar="TASK", help="Run TASK again, too, and all that depends on it.")
@click.option("--detach", is_flag=True, help="Leave the run running in the background.")
@click.option("--dry-run", is_flag=True, help="Print which tasks are kept, which run again, and why; start nothing.")
@as_json
@click.pass_obj
def retry(
    context: CliContext, run: str, target: str, keep: bool, tasks: tuple[str, ...], detach: bool, dry_run: bool, json_: bool
) -> int:
    """Run again what did not succeed in RUN; successful tasks are kept.

    With a changed TARGET, changed steps and all tasks after them run again, too.
    """
    from kflite.cli.background import leave
    from kflite.cli.foreground import foreground
    from kflite.runs.retry import retry_request, store_retry

    changed = context.target(target) if target else None
    with context.store() as store:
        row = find_run(store, run)
        if dry_run:
            return _preview(context, store, row, retry_request(store, row, changed, keep=keep, tasks=tasks), json_)
        if detach:
            store_retry(store, row, changed, keep=keep, tasks=tasks)
    if detach:
        return leave(context.settings, row, json_)
    return foreground(context.settings, None, lambda client: client.retry(row.run, changed, keep=keep, tasks=tasks), json_)


def _preview(context: CliContext, store: Database, row: RunRow, request: PreparedRetry, json_: bool) -> int:
    from kflite.engine.retry_preview import preview_retry
    from kflite.format import clean

    previewed = preview_retry(store, row, request, context.settings.home, context.settings.artifacts)
    if json_:
        out().document({"run": row.run, "tasks": [task.as_json() for task in previewed]})
        return 0
    cells = [((clean(each.task), ""), (each.action, _STYLES[each.action]), (clean(each.reason), "")) for each in previewed]
    out().table(("TASK", "ACTION", "REASON"), cells)
    return 0
