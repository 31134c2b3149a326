"""What else decides a job's result on this machine: the content of the volumes and config maps that it reads."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from kflite.core.job import Job, MountSource


async def of_job(job: Job, volumes: Path) -> dict[str, str]:
    """The parts of one job's cache key. volumes: the folder of named volumes."""
    if not any(role.mounts or role.secrets for role in job.roles):
        return {}
    return await asyncio.to_thread(_parts, job, volumes)


def _parts(job: Job, volumes: Path) -> dict[str, str]:
    from kflite.executors.secrets import contents

    mounts = [mount for role in job.roles for mount in role.mounts]
    secrets = [secret for role in job.roles for secret in role.secrets]
    maps: Mapping[str, str] = contents(secrets, mounts)
    names = {mount.name for mount in mounts if mount.source is MountSource.VOLUME}
    return {**_volumes(names, volumes), **{f"config map {name}": digest for name, digest in maps.items()}}


def _volumes(names: set[str], folder: Path) -> dict[str, str]:
    """Which creation of the volume this is: a volume that was deleted and created again has lost its content."""
    if not names:
        return {}
    from kflite.executors.volumes import Volumes

    return {f"volume {name}": Volumes(folder).identity(name) for name in sorted(names)}
