"""`kflite rm`: runs, with all that belongs to them."""

from __future__ import annotations

import sys

import click

from kflite.cli.common import CliContext, known_runs, out
from kflite.terminal.out import Out


@click.command()
@click.argument("runs", nargs=-1, required=True, shell_complete=known_runs)
@click.pass_obj
def rm(context: CliContext, runs: tuple[str, ...]) -> None:
    """Remove RUNS that have ended: their records, logs and artifacts, cached results that point to those, and pages of them.

    Volumes that their tasks made stay, as other runs may share them: see kflite volumes.
    """
    from kflite.engine.leftovers import remove
    from kflite.runs.delete import delete

    with context.store() as store:
        rows, silent = [store.run(run) for run in runs], set[str]()
        for row in rows:
            delete(store, row, context.settings)
            out().line(f"removed {row.run}")
            if row.on not in silent and (why := remove(row, context.settings)):
                silent.add(row.on)
                Out(sys.stderr).line(f"kflite: {why}")
