"""Runs in a cluster that no scheduler looks after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kflite.doctor.finding import Finding
from kflite.format import duration

if TYPE_CHECKING:
    from kflite.config import Settings
    from kflite.executors.kubernetes.api import Api

_NAMED_RUNS = 3


async def leftover_runs(api: Api, where: str, settings: Settings) -> Finding:
    from kflite.engine.leftovers import leftovers

    total, left = await leftovers(api, settings)
    if not left:
        return Finding("left behind", True, f"nothing in {where}; {total} runs are there now")
    names = ", ".join(f"{run.run} ({run.pods} pods, for {duration(run.quiet_s)})" for run in left[:_NAMED_RUNS])
    more = ", …" if len(left) > _NAMED_RUNS else ""
    owners = " ".join(run.owner for run in left)
    remedy = (
        "kflite resume goes on with one of this store, kflite rm removes one that has ended; "
        f"the others: kubectl --namespace {api.access.namespace} delete configmap {owners}"
    )
    return Finding("left behind", None, f"{len(left)} runs in {where} that no scheduler looks after: {names}{more}", remedy)
