"""`kflite retry`, `resume` and `clone`: runs that were there before."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING

import click

from kflite.cli.common import ARTIFACT, Given, artifacts, as_json, found, known_runs, optional_run, out, texts

if TYPE_CHECKING:
    from kflite.client.client import Client
    from kflite.client.run_handle import Run
    from kflite.core.value import Value
    from kflite.runs.retry import Asked
    from kflite.store.base import RunRow, Store


@click.command()
@optional_run
@click.option("--with", "target", default="", metavar="TARGET", help="The pipeline as it is now, for the rest of the run.")
@click.option("--keep", is_flag=True, help="Keep all that succeeded, also where its step has changed.")
@click.option("--task", "-t", "tasks", multiple=True, metavar="TASK", help="Do TASK again too, and what follows from it.")
@click.option("--detach", is_flag=True, help="Leave it running in the background.")
@click.option("--dry-run", is_flag=True, help="Print which tasks stay, which are done again, and why; start nothing.")
@as_json
@click.pass_obj
def retry(
    given: Given, run: str, target: str, keep: bool, tasks: tuple[str, ...], detach: bool, dry_run: bool, json_: bool
) -> int:
    """Do again what did not succeed in RUN; what succeeded stays as it is.

    With a changed TARGET, steps that have changed are done again too, and so is what comes after them.
    """
    from kflite.cli.background import leave
    from kflite.cli.foreground import foreground
    from kflite.runs.retry import ask, asked

    changed = given.target(target) if target else None
    with given.store() as store:
        row = found(store, run)
        if dry_run:
            return _rehearse(given, store, row, asked(store, row, changed, keep=keep, tasks=tasks), json_)
        if detach:
            ask(store, row, changed, keep=keep, tasks=tasks)
    if detach:
        return leave(given.settings, row, json_)
    return foreground(given.settings, None, lambda client: client.retry(row.run, changed, keep=keep, tasks=tasks), json_)


def _rehearse(given: Given, store: Store, row: RunRow, request: Asked, json_: bool) -> int:
    from kflite.engine.retry_preview import rehearse
    from kflite.format import clean

    found = rehearse(store, row, request, given.settings.home, given.settings.artifacts)
    if json_:
        out().document({"run": row.run, "tasks": [one.as_json() for one in found]})
        return 0
    styles = {"keep": "dim", "again": "yellow", "drop": "red"}
    out().table(
        ("TASK", "DOES", "WHY"),
        [((clean(one.task), ""), (one.does, styles[one.does]), (clean(one.why), "")) for one in found],
    )
    return 0


@click.command()
@click.argument("run", required=False, default="", shell_complete=known_runs)
@click.option("--detach", is_flag=True, help="Leave it running in the background.")
@click.option("--patient", is_flag=True, hidden=True, help="Where another scheduler has it, wait until that lets it go.")
@as_json
@click.pass_obj
def resume(given: Given, run: str, detach: bool, patient: bool, json_: bool) -> int:
    """Go on with RUN, which a dead scheduler left; with all such runs where none is named."""
    from kflite.cli.background import leave
    from kflite.cli.foreground import foreground

    if not run:
        return asyncio.run(_resume_all(given))
    with given.store() as store:
        row = store.run(run)
    if detach:
        return leave(given.settings, row, json_)

    def begin(client: Client) -> Awaitable[Run]:
        return client.take(row.run) if patient else client.resume(row.run)

    return foreground(given.settings, None, begin, json_, adopt=False)


async def _resume_all(given: Given) -> int:
    from kflite.client.client import Client

    async with Client(settings=given.settings) as client:
        runs = await client.resume_all()
        if not runs:
            out().line(("no run was left by a dead scheduler", "dim"))
        states = []
        for run in runs:
            states.append(await client.ended(run.id))
            out().line(f"run {run.id} {states[-1]}")
        return int(any(state != "SUCCEEDED" for state in states))


@click.command()
@optional_run
@click.option("--param", "-p", "pairs", multiple=True, metavar="K=V", help="A parameter that is to be another.")
@click.option("--artifact", "-a", "made", multiple=True, metavar="K=V", help=ARTIFACT)
@click.option("--detach", is_flag=True, help="Print the new run's id and leave it running in the background.")
@as_json
@click.pass_obj
def clone(given: Given, run: str, pairs: tuple[str, ...], made: tuple[str, ...], detach: bool, json_: bool) -> int:
    """Run what RUN ran once more, with its parameters and artifacts but for those given."""
    from kflite.cli.background import detach as begin
    from kflite.cli.foreground import foreground
    from kflite.runs.submit import of_run

    with given.store() as store:
        row = found(store, run)
        values = {**_parsed(store, row, pairs), **artifacts(made)}
        submission = of_run(store, row, values, given.settings.artifacts)
    if detach:
        return begin(given.settings, submission, json_)
    return foreground(given.settings, None, lambda client: client.start(submission), json_)


def _parsed(store: Store, row: RunRow, pairs: tuple[str, ...]) -> dict[str, Value]:
    """The parameters, read as the types that the run's pipeline declares; an experiment's stay texts."""
    from kflite.ir import Pipeline
    from kflite.ir.parameter import parse

    kind, document = store.plan(row.plan)
    given = texts(pairs)
    return parse(Pipeline.loads(document), given) if kind == "pipeline" else dict(given)
