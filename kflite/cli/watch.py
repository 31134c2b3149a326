"""`kflite watch`: a run that goes on, in whichever process."""

from __future__ import annotations

import click

from kflite.cli.common import CliContext, find_run, optional_run


@click.command()
@optional_run
@click.pass_obj
def watch(context: CliContext, run: str) -> int:
    """Follow RUN to its end. Ctrl-C ends the watching and leaves the run alone."""
    import asyncio

    with context.store() as store:
        row = find_run(store, run)
    return asyncio.run(_watch(context, row.run))


async def _watch(context: CliContext, run: str) -> int:
    import asyncio

    from kflite.cli.foreground import finish, view_of
    from kflite.client.client import Client
    from kflite.runs.follow import stream

    async with Client(settings=context.settings) as client:
        chosen = await client.run(run)
        view = view_of(chosen, False)
        if chosen.id in await client.orphans():
            view.say(f"no scheduler has run {chosen.id}: kflite resume {chosen.id} goes on with it")
        try:
            await stream(client.session, chosen.id, view, asyncio.ensure_future(client.ended(chosen.id)))
        finally:
            view.close()
        return finish(await chosen.load(), False)
