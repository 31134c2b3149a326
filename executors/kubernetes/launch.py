"""The start of an attempt: it creates its service and all its pods, and removes them all after a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import cast

from kflite.core.job import Job, Replica
from kflite.errors import ExecutorError
from kflite.executors import peers, record
from kflite.executors.folders import prepare
from kflite.executors.kubernetes import container, manifest, names
from kflite.executors.kubernetes.api import CONFLICT, NOT_FOUND, ClusterRefused
from kflite.executors.kubernetes.attempt_state import AttemptState
from kflite.executors.kubernetes.container import PodOrder
from kflite.executors.kubernetes.objects import Object, Pod, PodObject
from kflite.executors.kubernetes.options import KubernetesOptions
from kflite.executors.kubernetes.shared import ClusterShared
from kflite.executors.kubernetes.staging import LONGEST_FILES, by_pods, outputs
from kflite.executors.ref import Ref

_QUOTA_S, _LONGEST_QUOTA_S = 2.0, 15.0  # between two attempts at what a quota has refused: thousands may wait for it

_TOO_LONG = "its command, arguments and environment are longer than a cluster takes: hand long texts on in a file or artifact"


async def launch(shared: ClusterShared, job: Job, given_up: asyncio.Event, waiting: Callable[[str], None]) -> AttemptState:
    """Create a job's pods, or find them; wait while a quota is used up, which `waiting` is told.

    Raises ExecutorError; nothing is left then.
    """
    await shared.watch.connected()
    state = await asyncio.to_thread(_prepare, shared, job)
    clock = asyncio.get_running_loop().time
    deadline, pause, waits = clock() + shared.settings.pending_s, _QUOTA_S, False
    while full := await _create_all(shared, job, state):
        if given_up.is_set() or clock() > deadline:
            raise full
        if not waits:
            waiting(str(full))
        waits = True
        with suppress(TimeoutError):
            await asyncio.wait_for(given_up.wait(), pause)
        pause = min(pause * 1.5, _LONGEST_QUOTA_S)
    if waits:
        waiting("")
    # Whoever ends an attempt writes its exit before its pods are removed: these would run what has run.
    if record.read(job.folder):
        await remove(shared, state, Ref.of(job).group)
    return state


async def remove(shared: ClusterShared, state: AttemptState, group: str) -> None:
    """Remove all objects of an attempt in the cluster, running or not."""
    api, body = shared.api, manifest.deletion(grace_s=1)
    objects = [("pods", each.pod) for each in state.replicas] + [("services", group)] * (len(state.replicas) > 1)
    calls = (api.call("DELETE", api.path(kind, name), body, accept=(NOT_FOUND,)) for kind, name in objects)
    await asyncio.gather(*calls, return_exceptions=True)


def orders(job: Job, owner: str, send: bool, state: str = "") -> Iterator[tuple[Replica, PodOrder]]:
    """The parts of each replica's pod."""
    hosts = container.hosts(job)
    envs = peers.environments(job, hosts, [container.ports(replica) for replica in job.replicas])
    others = tuple(hosts) if len(hosts) > 1 else ()
    for replica, env in zip(job.replicas, envs, strict=True):
        yield replica, PodOrder(owner, env, others, send, "" if replica.rank else state)


def inputs(job: Job, settings: KubernetesOptions) -> tuple[Path, ...]:
    """The files to send to each pod: input artifacts, and texts that are too long for a manifest."""
    long = sum(len(text) for text in job.files.values()) > LONGEST_FILES
    others = {path for _, path in by_pods(job.fetch, settings)}
    here = (path for _, path in job.fetch if path not in others and path.is_absolute() and path.exists())
    return (*here, *(job.files if long else ()))


def _prepare(shared: ClusterShared, job: Job) -> AttemptState:
    prepare(job, shared=False)
    staged = not container.shared(shared.settings)
    pods = [Ref.of(job).name(replica.rank) for replica in job.replicas]
    sent = inputs(job, shared.settings) if staged else ()
    state = AttemptState.of(job, pods, sent, outputs(job, shared.settings), staged)
    state.write(job.folder)
    return state


async def _create_all(shared: ClusterShared, job: Job, state: AttemptState) -> ClusterRefused | None:
    """Create all or nothing; returns the refusal by a used-up quota, which others may free."""
    try:
        with shared.cleanup.during(job.id):
            await _create_each(shared, job, state)
    except BaseException as error:
        await remove(shared, state, Ref.of(job).group)
        if isinstance(error, ClusterRefused) and "exceeded quota" in str(error):
            return error
        if isinstance(error, ClusterRefused) and error.too_large:
            raise ExecutorError(_TOO_LONG, "ArgumentTooLong") from error
        raise
    return None


async def _create_each(shared: ClusterShared, job: Job, state: AttemptState) -> None:
    owner = await shared.owners.uid(state.run)
    api, settings = shared.api, shared.settings
    if job.workspace and state.staged:
        shared.owners.keep(state.run)
        body = manifest.workspace(job, owner, settings)
        await api.call("POST", api.path("persistentvolumeclaims"), body, accept=(CONFLICT,))
    if len(state.replicas) > 1:
        await api.call("POST", api.path("services"), manifest.service(job, owner, settings), accept=(CONFLICT,))
    bodies = [
        manifest.pod(job, replica, order, settings) for replica, order in orders(job, owner, bool(state.inputs), state.text())
    ]
    calls = [asyncio.create_task(_create(shared, job, body)) for body in bodies]
    done = await asyncio.gather(*calls, return_exceptions=True)
    for result in done:
        if isinstance(result, BaseException):
            raise result


async def _create(shared: ClusterShared, job: Job, body: Object) -> None:
    api = shared.api
    name = cast("dict[str, str]", body["metadata"])["name"]
    shared.watch.keep(name)
    found = await api.create(api.path("pods"), body)
    found = found or await api.call("GET", api.path("pods", name), accept=(NOT_FOUND,))
    if found is None:
        return  # it was there, has ended, and is removed: its record tells how
    pod = Pod.read(cast("PodObject", found))
    if pod.labels.get(names.GROUP) != Ref.of(job).group:
        raise ExecutorError(f"a pod named {name} is there, and is not of {job.id}: remove it with `kubectl delete pod {name}`")
    shared.watch.put(pod)
