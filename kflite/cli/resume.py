"""`kflite resume`: continue runs whose schedulers are gone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from kflite.cli.common import CliContext, as_json, known_runs, out

if TYPE_CHECKING:
    from kflite.client.client import Client
    from kflite.client.run_handle import Run


@click.command()
@click.argument("run", required=False, default="", shell_complete=known_runs)
@click.option("--detach", is_flag=True, help="Leave the run running in the background.")
@click.option("--patient", is_flag=True, hidden=True, help="Wait while another scheduler has the run.")
@as_json
@click.pass_obj
def resume(context: CliContext, run: str, detach: bool, patient: bool, json_: bool) -> int:
    """Continue RUN, or by default all runs, that a dead scheduler left."""
    from kflite.cli.background import leave
    from kflite.cli.foreground import foreground

    if not run:
        return asyncio.run(_resume_all(context))
    with context.store() as store:
        row = store.run(run)
    if detach:
        return leave(context.settings, row, json_)

    async def begin(client: Client) -> Run:
        return await (client.take(row.run) if patient else client.resume(row.run))

    return foreground(context.settings, None, begin, json_, adopt=False)


async def _resume_all(context: CliContext) -> int:
    from kflite.client.client import Client

    async with Client(settings=context.settings) as client:
        runs = await client.resume_all()
        if not runs:
            out().line(("no run was left by a dead scheduler", "dim"))
        states = []
        for run in runs:
            states.append(await client.ended(run.id))
            out().line(f"run {run.id} {states[-1]}")
        return int(any(state != "SUCCEEDED" for state in states))
