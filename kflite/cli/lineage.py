"""`kflite lineage`: the sources of an artifact, and what was made from it."""

from __future__ import annotations

import click

from kflite.cli.common import CliContext, as_json, out


@click.command()
@click.argument("of", metavar="ARTIFACT")
@click.option("--up", is_flag=True, help="Show only what it was made from.")
@click.option("--down", is_flag=True, help="Show only what was made from it.")
@click.option("--limit", "-n", type=click.IntRange(min=1), default=1000, show_default=True, help="The number of tasks to follow.")
@as_json
@click.pass_obj
def lineage(context: CliContext, of: str, up: bool, down: bool, limit: int, json_: bool) -> None:
    """Show what ARTIFACT was made from, and what was made from it: across runs, imports and cached results.

    ARTIFACT is an id that `artifacts ls` shows (RUN/TASK/OUTPUT), RUN/TASK for a task, or the path or URI of an external file.
    """
    from kflite.runs.lineage import trace
    from kflite.terminal.lineage import lines

    ways = (up or not down, down or not up)
    with context.store() as store:
        graph = trace(store, of, *ways, most=limit)
    if json_:
        return out().document(graph.as_json())
    return out().lines(lines(graph, *ways, out().signs))
