"""`kflite artifacts`: artifacts and copies of them."""

from __future__ import annotations

from pathlib import Path

import click

from kflite.cli.artifact_show import open_, show
from kflite.cli.common import CliContext, as_json, known_runs, out


@click.group()
def artifacts() -> None:
    """List artifacts; show them; copy them out."""


@artifacts.command("ls")
@click.argument("run", required=False, default="", shell_complete=known_runs)
@click.option("--limit", "-n", type=click.IntRange(min=1), default=50, show_default=True, help="How many, the newest first.")
@as_json
@click.pass_obj
def list_(context: CliContext, run: str, limit: int, json_: bool) -> None:
    """List the artifacts of RUN, or by default of all runs, the newest first."""
    from kflite.format import clean, size
    from kflite.runs.as_json import artifact_json

    with context.store() as store:
        rows = store.artifacts(store.run(run).run if run else "", limit)
    if json_:
        return out().document([artifact_json(row) for row in rows])
    if not rows:
        return out().line(("no artifacts", "dim"))
    cells = [
        (
            (row.id, "bold"),
            (clean(f"{row.run}/{row.task}"), "dim"),
            (clean(row.output), ""),
            (row.artifact.type.removeprefix("system."), ""),
            (size(row.artifact.size) if row.artifact.size else "", "dim"),
            (clean(row.artifact.uri), "dim"),
        )
        for row in rows
    ]
    return out().table(("ID", "TASK", "OUTPUT", "TYPE", "SIZE", "URI"), cells, spare=("TASK", "OUTPUT", "URI"))


@artifacts.command()
@click.argument("artifact")
@click.argument("to", required=False, default=".", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite an existing file or folder.")
@click.pass_obj
def get(context: CliContext, artifact: str, to: Path, force: bool) -> None:
    """Copy ARTIFACT, by its id, to the path TO, or into TO if that is a folder."""
    from kflite.runs.artifact_copy import copy_out

    with context.store() as store:
        row = store.artifact(artifact)
    out().line(str(copy_out(row, to, force)))


artifacts.add_command(show)
artifacts.add_command(open_)
