"""Where an attempt serves: the addresses of its ports, and whether they accept connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence

from kflite.core.job import Exit, Job, Serving, Update

_FIRST_S, _LONGEST_S = 0.05, 1.0  # between two looks; a server takes a moment to come up, or minutes
_ANSWER_S = 2.0


def addresses(job: Job, hosts: Sequence[str], ports: Sequence[Mapping[str, int]]) -> dict[str, str]:
    """The addresses at which the job is to serve; hosts and ports by rank."""
    return {
        f"{replica.name}/{port.name}": f"{hosts[replica.rank]}:{ports[replica.rank][port.name]}"
        for replica in job.replicas
        for port in replica.role.ports
        if port.ready
    }


async def accepting(asked: Mapping[str, str]) -> None:
    """Until all addresses accept connections."""
    for address in asked.values():
        pause = _FIRST_S
        while not await _accepts(*address.rsplit(":", 1)):
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_S)


async def _accepts(host: str, port: str) -> bool:
    try:
        async with asyncio.timeout(_ANSWER_S):
            _, writer = await asyncio.open_connection(host, int(port))
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def until_exit(asked: Mapping[str, str], end: Coroutine[None, None, Exit]) -> AsyncGenerator[Update, None]:
    """Tell of an attempt that serves at these addresses once all accept connections, and of its exit."""
    ending, ready = asyncio.ensure_future(end), asyncio.ensure_future(accepting(asked))
    try:
        await asyncio.wait({ending, ready}, return_when=asyncio.FIRST_COMPLETED)
        if not ending.done():
            yield Serving(asked)
        yield await ending
    finally:
        for task in (ending, ready):
            task.cancel()
        await asyncio.gather(ending, ready, return_exceptions=True)
