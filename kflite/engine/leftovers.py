"""What runs left on a cluster though their schedulers are gone: found for `kflite doctor`, removed with a run."""

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

_LEFT_S = 600.0  # a live scheduler removes what has ended sooner
_ANSWER_S = 5.0  # longest wait for the cluster


def remove(row: RunRow, settings: Settings) -> str:
    """Remove what a run that has ended still has on its cluster. Blocks; returns why that could not be done, "" where it was."""
    if (cluster := cluster_of(row.on)) is None:
        return ""
    try:
        asyncio.run(_remove(row, settings, cluster))
    except ExecutorError as error:
        return f"{error}; what run {row.run} may still have there stays until its cluster is asked again"
    return ""


async def _remove(row: RunRow, settings: Settings, cluster: str) -> None:
    from kflite.executors.kubernetes import names, sweep

    async with reached(settings, cluster) as api:
        await sweep.remove(api, names.owner(row.run))


async def behind(api: Api, settings: Settings) -> tuple[int, list[Left]]:
    """How many runs the namespace holds, and those of them that no scheduler looks after. Raises ExecutorError."""
    from kflite.executors.kubernetes import sweep

    runs = await sweep.look(api)
    return len(runs), [run for run in runs if (not run.busy and run.quiet_s > _LEFT_S) or _over(run.run, settings)]


def _over(run: str, settings: Settings) -> bool:
    """Whether the store says that the run has ended; its tasks may go on on a cluster that did not answer then."""
    with open_store(settings) as store:
        try:
            return store.run(run).state.ended
        except KfliteError:
            return False  # it is of another store


def reached(settings: Settings, where: str, answer_s: float = _ANSWER_S) -> Api:
    """The cluster of `--on kubernetes:WHERE`; answer_s: longest wait for it, in seconds."""
    from kflite.engine.dry_run import chosen
    from kflite.executors.kubernetes.access import access
    from kflite.executors.kubernetes.api import Api

    asked = chosen(settings, where)
    return Api(lambda: access(asked.context, asked.namespace), answer_s)
