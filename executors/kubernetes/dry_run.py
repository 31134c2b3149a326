"""Dry runs: the manifests of jobs, and the cluster's answer to them, without creating anything."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from functools import partial

from kflite.core.job import Job
from kflite.executors.kubernetes import container, manifest, names
from kflite.executors.kubernetes.access import access
from kflite.executors.kubernetes.api import CONFLICT, Api, ClusterRefused
from kflite.executors.kubernetes.launch import inputs, orders
from kflite.executors.kubernetes.manifest import Manifest
from kflite.executors.kubernetes.options import KubernetesOptions
from kflite.executors.kubernetes.owners import program

_UID = "00000000-0000-0000-0000-000000000000"  # of an owner that is yet to be made
_CONTACT_S = 10.0
_PLURALS = {"ConfigMap": "configmaps", "Service": "services", "Pod": "pods", "PersistentVolumeClaim": "persistentvolumeclaims"}


def manifests(jobs: Iterable[Job], settings: KubernetesOptions) -> Iterator[Manifest]:
    """All manifests that the jobs would create, each run's owner once."""
    runs: set[str] = set()
    for job in jobs:
        if job.claim and not job.claim.delete:
            yield manifest.claim(job, settings)
        if job.claim:
            continue
        if names.run(job) not in runs:
            runs.add(names.run(job))
            yield manifest.owner(names.run(job), program(), settings)
            if job.workspace and not container.shared(settings):
                yield manifest.workspace(job, _UID, settings)
        if len(job.replicas) > 1:
            yield manifest.service(job, _UID, settings)
        for replica, order in orders(job, _UID, bool(inputs(job, settings))):
            yield manifest.pod(job, replica, order, settings)


def refusals(jobs: Iterable[Job], settings: KubernetesOptions) -> list[str]:
    """The cluster's refusals, with reasons. Blocks. Raises ExecutorError where there is no cluster."""
    return asyncio.run(_refusals(list(manifests(jobs, settings)), settings))


async def _refusals(made: list[Manifest], settings: KubernetesOptions) -> list[str]:
    async with Api(partial(access, settings.context, settings.namespace), _CONTACT_S) as api:
        answers = await asyncio.gather(*(_refusal(api, each) for each in made))
    return list(dict.fromkeys(filter(None, answers)))


async def _refusal(api: Api, made: Manifest) -> str:
    try:
        await api.call("POST", api.path(_PLURALS[str(made["kind"])]), made, {"dryRun": "All"}, accept=(CONFLICT,))
    except ClusterRefused as error:
        return str(error)
    return ""
