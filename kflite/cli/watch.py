"""`kflite watch`: a run that goes on, in whichever process."""

from __future__ import annotations

import time

import click

from kflite.cli.common import Given, found, optional_run


@click.command()
@optional_run
@click.pass_obj
def watch(given: Given, run: str) -> int:
    """Follow RUN to its end. Ctrl-C ends the watching and leaves the run alone."""
    import asyncio

    return asyncio.run(_watch(given, run))


async def _watch(given: Given, run: str) -> int:
    import asyncio

    from kflite.cli.foreground import finish, view_of
    from kflite.client.client import Client
    from kflite.runs.follow import feed

    async with Client(settings=given.settings) as client:
        chosen = await client.run(found(client.store, run).run)
        view = view_of(chosen, False)
        if chosen.id in client.store.orphans(time.time()):
            view.say(f"no scheduler has run {chosen.id}: kflite resume {chosen.id} goes on with it")
        try:
            await feed(client.store, chosen.id, view, asyncio.ensure_future(client.ended(chosen.id)))
        finally:
            view.close()
        return finish(client.store, chosen, False)
