"""The Kubernetes cluster: its version, our rights in it, and leftovers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kflite.doctor.finding import Finding
from kflite.doctor.leftovers import leftover_runs
from kflite.errors import KfliteError

if TYPE_CHECKING:
    from kflite.config import Settings

_CLUSTER_S = 1.0  # longest wait for a cluster


def cluster(settings: Settings) -> Iterator[Finding]:
    kubeconfig = os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
    path = Path(kubeconfig or os.path.expanduser("~/.kube/config"))
    if not path.exists() and "KUBERNETES_SERVICE_HOST" not in os.environ:
        yield Finding("kubernetes", None, f"no {path}", "only --on kubernetes needs one")
        return
    try:
        yield from asyncio.run(_query(settings))
    except KfliteError as error:
        yield Finding("kubernetes", None, str(error), "only --on kubernetes needs it")


async def _query(settings: Settings) -> list[Finding]:
    from kflite.engine.leftovers import cluster_api
    from kflite.executors.kubernetes.rights import refused

    context = settings.on.partition(":")[2] if settings.on.startswith("kubernetes") else ""
    async with cluster_api(settings, context, _CLUSTER_S) as api:
        where = f"{api.access.context}/{api.access.namespace}"
        version = await api.call("GET", "/version") or {}
        findings = [Finding("kubernetes", True, f"{version['gitVersion']}, {where}")]
        if missing := await refused(api):
            remedy = "kflite deploy --rights prints a role with all"
            return [*findings, Finding("rights", False, f"refused in {where}: {', '.join(missing)}", remedy)]
        return [
            *findings,
            Finding("rights", True, f"all that --on kubernetes needs in {where}"),
            await leftover_runs(api, where, settings),
        ]
