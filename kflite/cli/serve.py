"""`kflite serve`: a scheduler that stays."""

from __future__ import annotations

import asyncio
import signal

import click

from kflite.cli.common import CliContext, out


@click.command()
@click.option("--on", "targets", multiple=True, metavar="WHERE", help="Take only runs on this target; more than once for more.")
@click.pass_obj
def serve(context: CliContext, targets: tuple[str, ...]) -> int:
    """Run what `run --submit` leaves in the store, and what dead schedulers left, until Ctrl-C or SIGTERM.

    Running tasks then go on, and the next scheduler finds them. Several schedulers may serve one store, and share its runs.
    """
    return asyncio.run(_serve(context, targets))


async def _serve(context: CliContext, targets: tuple[str, ...]) -> int:
    from kflite.client.local_session import LocalSession
    from kflite.client.server import Server
    from kflite.engine.adoption import Adoption

    session = LocalSession(context.settings, adopt=False)
    await session.open()
    try:
        server = asyncio.ensure_future(Server(session, Adoption(targets=targets), _say).serve())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, server.cancel)
        _say("serving: kflite run --submit leaves runs to this scheduler")
        await asyncio.wait([server])
        if not server.cancelled():
            server.result()
    finally:
        await session.close()
    return 0


def _say(line: str) -> None:
    out().line(line)
