"""`kflite cancel`: stop runs, whichever process runs them."""

from __future__ import annotations

import click

from kflite.cli.common import CliContext, known_runs, out


@click.command()
@click.argument("runs", nargs=-1, required=True, shell_complete=known_runs)
@click.option("--kill", is_flag=True, help="Kill tasks at once, with no time to end.")
@click.option("--reason", default="cancelled by kflite cancel", show_default=True, help="The reason to record.")
@click.pass_obj
def cancel(context: CliContext, runs: tuple[str, ...], kill: bool, reason: str) -> None:
    """Stop RUNS and wait until they have stopped."""
    import asyncio

    asyncio.run(_cancel(context, runs, kill, reason))


async def _cancel(context: CliContext, runs: tuple[str, ...], kill: bool, reason: str) -> None:
    from kflite.client.client import Client

    async with Client(settings=context.settings, adopt=False) as client:
        rows = [(await client.run(run)).record.run for run in runs]
        for row in rows:
            if row.state.ended:
                out().line(f"run {row.run} has ended already: {row.state}")
            else:
                await client.cancel(row.run, reason, kill=kill)
        for row in rows:
            if not row.state.ended:
                out().line(f"run {row.run} {await client.ended(row.run)}")
