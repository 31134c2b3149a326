"""Claims: they are created and deleted, and why one has no volume is told, as a pod that waits for it does not.

Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding
"""

from __future__ import annotations

import asyncio
from typing import cast

from kflite.core.job import Exit, Job
from kflite.errors import ExecutorError
from kflite.executors import record
from kflite.executors.folders import prepare
from kflite.executors.kubernetes import manifest
from kflite.executors.kubernetes.api import CONFLICT, NOT_FOUND, Api
from kflite.executors.kubernetes.ending import Trouble
from kflite.executors.kubernetes.objects import Object, Pod
from kflite.executors.kubernetes.options import KubernetesOptions
from kflite.executors.kubernetes.shared import ClusterShared

_KIND = "persistentvolumeclaims"
_PAUSE_S = 0.2
_FAILURES = frozenset({"FailedBinding", "ProvisioningFailed"})
_NO_CLASS = "give it a class (storage_class_name of CreatePVC, pvcSpecPatch of a workspace), or the cluster a default one"
_SEE = "`kubectl get storageclass,persistentvolume` shows what the cluster has"


async def settle(shared: ClusterShared, job: Job) -> None:
    """Create or delete the claim of a job without replicas. Raises ExecutorError."""
    claim, api = job.claim, shared.api
    assert claim is not None
    await asyncio.to_thread(prepare, job, shared=False)
    if claim.delete:
        await api.call("DELETE", api.path(_KIND, claim.name), manifest.deletion(), accept=(NOT_FOUND,))
    else:
        await _create(shared, claim.name, manifest.claim(job, shared.settings))
    record.write(job.folder, Exit(0))


async def _create(shared: ClusterShared, name: str, body: Object) -> None:
    """Create a missing claim; wait for one that is being deleted, which ends with the last pod that uses it."""
    api = shared.api
    try:
        async with asyncio.timeout(shared.settings.pull_s):
            while not await api.call("POST", api.path(_KIND), body, accept=(CONFLICT,)):
                found = await api.call("GET", api.path(_KIND, name), accept=(NOT_FOUND,))
                if found and "deletionTimestamp" not in cast("dict[str, str]", found["metadata"]):
                    return
                await asyncio.sleep(_PAUSE_S)
    except TimeoutError:
        why = f"the PersistentVolumeClaim {name} is being deleted, and pods still use it: end those, or choose another name"
        raise ExecutorError(why, "VolumeInUse") from None


async def explained(api: Api, pod: Pod, trouble: Trouble, settings: KubernetesOptions) -> Trouble:
    """The trouble of a pod that waits for a claim's volume, by the claim's own state. One that somebody is making is borne for as
    long as a pod may find no node. Raises Refused, Gone.
    """
    for name in pod.claims:
        claim = await api.call("GET", api.path(_KIND, name), accept=(NOT_FOUND,))
        if claim is None:
            why = f"there is no PersistentVolumeClaim {name} in {api.access.namespace}: create it, or let a CreatePVC task do so"
            return Trouble("VolumeMissing", why, trouble.patience_s)
        if cast("dict[str, str]", claim.get("status") or {}).get("phase") != "Bound":
            return await _unbound(api, name, claim, trouble, settings)
    return trouble


async def _unbound(api: Api, name: str, claim: Object, trouble: Trouble, settings: KubernetesOptions) -> Trouble:
    reason, message = await _last_event(api, name)
    failed = reason in _FAILURES
    said = message if failed else "; ".join(filter(None, (message, trouble.message)))
    remedy = _SEE if cast("dict[str, str]", claim["spec"]).get("storageClassName") else _NO_CLASS
    patience_s = trouble.patience_s if failed else settings.pending_s
    return Trouble("VolumeUnbound", f"PersistentVolumeClaim {name} is not bound: {said}; {remedy}", patience_s)


async def _last_event(api: Api, name: str) -> tuple[str, str]:
    """Reason and message of the claim's last event."""
    chosen = {"fieldSelector": f"involvedObject.kind=PersistentVolumeClaim,involvedObject.name={name}"}
    found = await api.call("GET", api.path("events"), query=chosen)
    events = cast("list[dict[str, str]]", found["items"] if found else [])
    if not events:
        return "", ""
    last = max(events, key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")
    return last["reason"], last["message"].strip()
