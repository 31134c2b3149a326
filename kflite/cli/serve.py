"""`kflite serve`: a scheduler that stays."""

from __future__ import annotations

import asyncio
import signal

import click

from kflite.cli.common import Given, out


@click.command()
@click.option("--on", "places", multiple=True, metavar="WHERE", help="Take only runs for this place; more than once for more.")
@click.pass_obj
def serve(given: Given, places: tuple[str, ...]) -> int:
    """Run what `run --submit` leaves in the store, and what dead schedulers left, until Ctrl-C or SIGTERM.

    Tasks that run then go on, and the next scheduler finds them. Several may serve one store: each run has one of them.
    """
    return asyncio.run(_serve(given, places))


async def _serve(given: Given, places: tuple[str, ...]) -> int:
    from kflite.client.client import Client
    from kflite.client.server import Server

    async with Client(settings=given.settings, adopt=False) as client:
        server = asyncio.ensure_future(Server(client, places, _say).serve())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, server.cancel)
        _say("serving: kflite run --submit leaves runs to this scheduler")
        await asyncio.wait([server])
        if not server.cancelled():
            server.result()
    return 0


def _say(line: str) -> None:
    out().line(line)
