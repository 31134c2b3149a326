"""`kflite rm`: remove runs with their data."""

from __future__ import annotations

import sys

import click

from kflite.cli.common import CliContext, known_runs, out
from kflite.terminal.out import Out


@click.command()
@click.argument("runs", nargs=-1, required=True, shell_complete=known_runs)
@click.pass_obj
def rm(context: CliContext, runs: tuple[str, ...]) -> None:
    """Remove ended RUNS: their records, logs and artifacts, the cached results that refer to these, and pages that show them.

    Volumes of their tasks stay, as other runs may share them: see kflite volumes.
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
