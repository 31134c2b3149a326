"""From a job to the manifests of its pods, service and owner. Pure.

Source: https://kubernetes.io/docs/reference/kubernetes-api/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from kflite.core.job import Job, Replica, Role, VolumeClaim
from kflite.core.value import Value
from kflite.executors.kubernetes import container, fields, names, staging
from kflite.executors.kubernetes.container import WORKSPACE, PodOrder, roots, shared
from kflite.executors.kubernetes.fields import Fields
from kflite.executors.kubernetes.options import KubernetesOptions
from kflite.executors.kubernetes.staging import PROGRAM, SEND_S
from kflite.executors.ref import Ref

Manifest = Fields

_NOBODY = 65532


def owner(run: str, program: str, settings: KubernetesOptions) -> Manifest:
    """The config map that owns all of a run, and holds the staging program."""
    about: Manifest = {"name": names.owner(run), "labels": {**names.run_labels(run, settings.profile)}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": about, "data": {PROGRAM: program}}


def service(job: Job, owner: str, settings: KubernetesOptions) -> Manifest:
    """The headless service that gives a gang's pods their names."""
    group = Ref.of(job).group
    spec: Manifest = {"clusterIP": "None", "publishNotReadyAddresses": True, "selector": {names.GROUP: group}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(job, group, owner, settings), "spec": spec}


def pod(job: Job, replica: Replica, order: PodOrder, settings: KubernetesOptions) -> Manifest:
    """The pod of one replica."""
    about, asked = _metadata(job, Ref.of(job).name(replica.rank), order.owner, settings), replica.role.settings
    labels = fields.metadata(asked, "labels") | _queue_labels(job, settings) | cast("Fields", about["labels"])
    annotations = fields.metadata(asked, "annotations") | _annotations(job, replica, order, settings)
    about |= {"labels": labels, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": about, "spec": _spec(job, replica, order, settings)}


def _spec(job: Job, replica: Replica, order: PodOrder, settings: KubernetesOptions) -> Manifest:
    role, staged = replica.role, not shared(settings)
    main = container.main(job, replica, order, settings)
    first = [staging.fetch(job, order, settings)] if staged or order.hosts else []
    before = [*first, *fields.before(role.settings, container.SAFE)]
    deadline = int((job.timeout_s or 0) + SEND_S + settings.pull_s + settings.push_s)
    return {
        "restartPolicy": "Never",
        "hostname": Ref.of(job).name(replica.rank),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "shareProcessNamespace": True,  # as the first process of its own, main would ignore signals that it does not handle
        "securityContext": _security(role, settings),
        "initContainers": [*before, main] if staged else before,
        "containers": [staging.push(job, settings)] if staged else [main],
        "volumes": [*_volumes(job, order, settings), *(volume for volume, _ in fields.volumes(role) if volume)],
        **fields.placement(role.settings),
        **({"subdomain": Ref.of(job).group} if order.hosts else {}),
        **({"activeDeadlineSeconds": deadline} if job.timeout_s else {}),
        **({"imagePullSecrets": secrets} if (secrets := fields.pull_secrets(role.settings)) else {}),
        **({"serviceAccountName": settings.service_account} if settings.service_account else {}),
        **({"priorityClassName": settings.priority_class} if settings.priority_class else {}),
    }


def deletion(uid: str = "", grace_s: int | None = None) -> Manifest:
    """The body of a request to delete an object with this uid, and what it owns."""
    made: Manifest = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
    if uid:
        made["preconditions"] = {"uid": uid}
    if grace_s is not None:
        made["gracePeriodSeconds"] = grace_s
    return made


def claim(job: Job, settings: KubernetesOptions) -> Manifest:
    """The claim of a job without replicas; it outlives the run."""
    assert job.claim is not None
    made = fields.claim(job.claim)
    about = cast("Fields", made["metadata"])
    about["labels"] = {**names.labels(job, Ref.of(job).group, settings.profile)}
    return made


def workspace_name(job: Job) -> str:
    """The name of the claim that all tasks of the run share."""
    return f"{names.owner(names.run(job))}-workspace"


def workspace(job: Job, owner: str, settings: KubernetesOptions) -> Manifest:
    """The claim that all tasks of the run share; it ends with the run."""
    asked = cast("dict[str, Value]", job.roles[0].settings.get("workspace") or {})
    options: dict[str, Value] = {"size": asked.get("size"), "accessModes": [settings.workspace_access]}
    options["storageClassName"] = settings.workspace_class or None
    made = fields.claim(VolumeClaim(workspace_name(job), options=options))
    patch = cast("dict[str, Fields]", asked.get("kubernetes") or {}).get("pvcSpecPatch") or {}
    made["spec"] = cast("Fields", made["spec"]) | patch
    about = _metadata(job, workspace_name(job), owner, settings)
    about["labels"] = {**names.run_labels(names.run(job), settings.profile)}
    return made | {"metadata": about}


def _queue_labels(job: Job, settings: KubernetesOptions) -> dict[str, Value]:
    """Kueue admits the pods of a group together."""
    if not settings.queue:
        return {}
    group: dict[str, Value] = {"kueue.x-k8s.io/pod-group-name": Ref.of(job).group} if len(job.replicas) > 1 else {}
    return {"kueue.x-k8s.io/queue-name": settings.queue, **group}


def _annotations(job: Job, replica: Replica, order: PodOrder, settings: KubernetesOptions) -> dict[str, Value]:
    own: dict[str, Value] = {names.JOB: job.id, names.REPLICA: f"{replica.role.name}.{replica.index}"}
    own |= {names.MEMO: order.memo} if order.memo else {}
    count = len(job.replicas)
    # An attempt's pods are never replaced: Kueue is to let go of them once all have ended, however they did.
    group: dict[str, Value] = {"kueue.x-k8s.io/pod-group-total-count": str(count), "kueue.x-k8s.io/retriable-in-group": "false"}
    return own | (group if settings.queue and count > 1 else {})


def _metadata(job: Job, name: str, owner: str, settings: KubernetesOptions) -> Manifest:
    run = names.run(job)
    reference: Manifest = {"apiVersion": "v1", "kind": "ConfigMap", "name": names.owner(run), "uid": owner}
    labels: dict[str, Value] = {**names.labels(job, Ref.of(job).group, settings.profile)}
    return {"name": name, "labels": labels, "ownerReferences": [reference]}


def _volumes(job: Job, order: PodOrder, settings: KubernetesOptions) -> Iterator[Manifest]:
    if job.workspace and not shared(settings):
        yield {"name": WORKSPACE, "persistentVolumeClaim": {"claimName": workspace_name(job)}}
    if order.hosts or not shared(settings):
        yield {"name": "kflite-program", "configMap": {"name": names.owner(names.run(job))}}
    if settings.volume == "host":
        for index, root in enumerate(roots(job)):
            yield {"name": f"root-{index}", "hostPath": {"path": str(root), "type": "Directory"}}
    elif settings.volume:
        yield {"name": "kflite", "persistentVolumeClaim": {"claimName": settings.volume}}
    else:
        yield {"name": "kflite", "emptyDir": {}}


def _security(role: Role, settings: KubernetesOptions) -> Manifest:
    made: Manifest = {"seccompProfile": {"type": "RuntimeDefault"}}
    if settings.restricted:
        made |= {"runAsNonRoot": True, "runAsUser": _NOBODY, "runAsGroup": _NOBODY, "fsGroup": _NOBODY}
    return made | fields.security(role.settings)
