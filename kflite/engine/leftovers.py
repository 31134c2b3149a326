"""Objects that runs left on a cluster after their schedulers were gone: `kflite doctor` finds them, `kflite rm` removes them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kflite.engine.destination import cluster_of
from kflite.errors import ExecutorError, KfliteError
from kflite.runs.stored import open_store

if TYPE_CHECKING:
    from kflite.config import Settings
    from kflite.executors.kubernetes.api import Api
    from kflite.executors.kubernetes.sweep import Left
    from kflite.store.base import RunRow

_LEFT_S = 600.0  # a live scheduler removes ended objects sooner
_ANSWER_S = 5.0  # longest wait for the cluster


def remove(row: RunRow, settings: Settings) -> str:
    """Remove an ended run's objects on its cluster. Blocks; returns why that failed, or ""."""
    if (cluster := cluster_of(row.on)) is None:
        return ""
    try:
        asyncio.run(_remove(row, settings, cluster))
    except ExecutorError as error:
        return f"{error}; objects of run {row.run} may still be there; remove them when the cluster answers again"
    return ""


async def _remove(row: RunRow, settings: Settings, cluster: str) -> None:
    from kflite.executors.kubernetes import names, sweep

    async with cluster_api(settings, cluster) as api:
        await sweep.remove(api, names.owner(row.run))


async def leftovers(api: Api, settings: Settings) -> tuple[int, list[Left]]:
    """The number of runs in the namespace, and those without a scheduler. Raises ExecutorError."""
    from kflite.executors.kubernetes import sweep

    runs = await sweep.look(api)
    return len(runs), [run for run in runs if (not run.busy and run.quiet_s > _LEFT_S) or _has_ended(run.run, settings)]


def _has_ended(run: str, settings: Settings) -> bool:
    """Whether the run has ended in the store. Its tasks may still run on a cluster that did not answer at that time."""
    with open_store(settings) as store:
        try:
            return store.run(run).state.ended
        except KfliteError:
            return False  # another store's run


def cluster_api(settings: Settings, where: str, answer_s: float = _ANSWER_S) -> Api:
    """The cluster of `--on kubernetes:WHERE`; answer_s: longest wait for it, in seconds."""
    from kflite.engine.dry_run import cluster_options
    from kflite.executors.kubernetes.access import access
    from kflite.executors.kubernetes.api import Api

    options = cluster_options(settings, where)
    return Api(lambda: access(options.context, options.namespace), answer_s)
