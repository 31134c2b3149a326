"""Docker's daemon and its images."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kflite.doctor.finding import Finding
from kflite.errors import KfliteError

if TYPE_CHECKING:
    from kflite.config import Settings

_NAMED_IMAGES = 6


def docker_daemon(settings: Settings) -> Iterator[Finding]:
    try:
        version, names = asyncio.run(_query(settings.docker.address))
    except KfliteError as error:
        yield Finding("docker", None, str(error).partition(": ")[0], "start Docker, or run with --on process")
        return
    more = ", …" if len(names) > _NAMED_IMAGES else ""
    yield Finding("docker", True, f"{version}, {len(names)} images: {', '.join(names[:_NAMED_IMAGES])}{more}")


async def _query(address: str) -> tuple[str, list[str]]:
    from kflite.executors.docker.daemon import Daemon

    daemon = Daemon(address, reconnect_s=1.0)
    try:
        await daemon.connect()
        version = await daemon.call(lambda client: str(client.version()["Version"]))
        images = await daemon.call(lambda client: [tag for image in client.images() for tag in image["RepoTags"] or ()])
    finally:
        daemon.close()
    return version or "", sorted(images or ())
