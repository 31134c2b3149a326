"""What else decides a job's result on this machine: the volumes and config maps that it reads, of which names do not tell all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from kflite.core.job import Job, MountSource


async def of_job(job: Job, volumes: Path) -> dict[str, str]:
    """The parts for one job. volumes: the folder of named volumes."""
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
    """A volume that was deleted and made again is another: what a task wrote into the first is gone."""
    if not names:
        return {}
    from kflite.executors.volumes import Volumes

    return {f"volume {name}": Volumes(folder).identity(name) for name in sorted(names)}
