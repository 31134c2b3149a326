"""`kflite experiments`: groups of runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from kflite.cli.common import CliContext, as_json, out
from kflite.errors import InputError

if TYPE_CHECKING:
    from kflite.runs.stored import ExperimentRow


def known(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Experiments, for the shell's completion."""
    context = ctx.find_object(CliContext) or CliContext({})
    with context.store() as store:
        return [row.name for row in store.catalogue.experiments(None) if row.name.startswith(incomplete)]


_named = click.argument("name", shell_complete=known)


@click.group()
def experiments() -> None:
    """Group runs. `kflite run --experiment NAME` puts a run into an experiment, and creates it if needed."""


@experiments.command()
@click.argument("name")
@click.option("--description", default="", help="The experiment's description.")
@as_json
@click.pass_obj
def create(context: CliContext, name: str, description: str, json_: bool) -> None:
    """Create the experiment NAME."""
    from kflite.runs.as_json import experiment_json
    from kflite.runs.experiments import create as make

    with context.store() as store:
        row = make(store, name, description)
    return out().document(experiment_json(row)) if json_ else out().line(row.name)


@experiments.command("ls")
@click.option("--archived", is_flag=True, help="List only archived experiments.")
@click.option("--all", "-a", "all_", is_flag=True, help="List archived experiments, too.")
@as_json
@click.pass_obj
def list_(context: CliContext, archived: bool, all_: bool, json_: bool) -> None:
    """List experiments, the newest first."""
    from kflite.format import clean, clock
    from kflite.runs.as_json import experiment_json

    if archived and all_:
        raise InputError("--archived lists only archived experiments, and --all archived ones too: give one of them")
    with context.store() as store:
        rows = store.catalogue.experiments(None if all_ else archived)
    if json_:
        return out().document([experiment_json(row) for row in rows])
    if not rows:
        return out().line(("no such experiments" if archived else "no experiments yet: kflite experiments create NAME", "dim"))
    cells = [((clean(r.name), "bold"), (str(r.runs), ""), (clock(r.created), "dim"), (clean(r.description), "")) for r in rows]
    return out().table(("EXPERIMENT", "RUNS", "CREATED", "DESCRIPTION"), cells)


@experiments.command()
@_named
@as_json
@click.pass_obj
def show(context: CliContext, name: str, json_: bool) -> None:
    """Show the experiment NAME, with the number of its runs in each state."""
    from kflite.format import clean, clock
    from kflite.runs.as_json import experiment_json

    with context.store() as store:
        row, states = store.catalogue.experiment(name), store.catalogue.states(name)
    if json_:
        return out().document(experiment_json(row) | {"states": dict(states)})
    archived = ("  archived", "yellow") if row.archived else ""
    out().line((clean(row.name), "bold"), ("  created ", "dim"), clock(row.created), archived)
    if row.description:
        out().line(clean(row.description))
    for state, count in states.items():
        out().line((f"  {state.lower()} ", "dim"), str(count))
    return out().line((f"kflite ls --all --where 'experiment=\"{clean(name)}\"' lists them", "dim")) if states else None


@experiments.command()
@_named
@click.pass_obj
def archive(context: CliContext, name: str) -> None:
    """Hide the experiment NAME and its runs from listings; nothing is deleted."""
    _archive(context, name, time.time(), "archived")


@experiments.command()
@_named
@click.pass_obj
def unarchive(context: CliContext, name: str) -> None:
    """Show the experiment NAME and its runs in listings again, except runs that were archived themselves."""
    _archive(context, name, None, "unarchived")


def _archive(context: CliContext, name: str, at: float | None, done: str) -> None:
    with context.store() as store:
        row: ExperimentRow = store.catalogue.archive(name, at)
    out().line(f"{done} {row.name}, {row.runs} run{'' if row.runs == 1 else 's'}")


@experiments.command()
@_named
@click.option("--runs", is_flag=True, help="Remove its runs, with their logs and artifacts, too.")
@click.pass_obj
def rm(context: CliContext, name: str, runs: bool) -> None:
    """Remove the experiment NAME. If it has runs, this needs --runs."""
    from kflite.runs.experiments import delete

    with context.store() as store:
        removed = delete(store, name, context.settings, runs=runs)
    out().line(f"removed {name}" + (f" and {removed} run{'' if removed == 1 else 's'}" if removed else ""))
