"""The manifests of a scheduler in the cluster, and of the rights that a scheduler needs, wherever it runs. Pure."""

from __future__ import annotations

from kflite.core.frozen import dataclass
from kflite.core.value import Value
from kflite.executors.kubernetes.manifest import Manifest
from kflite.executors.kubernetes.rights import rules

NAME = "kflite"
_LABELS: dict[str, Value] = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/managed-by": NAME}
_HOME = "/var/lib/kflite"
_USER = 65532


@dataclass(frozen=True, slots=True)
class Deployment:
    """How the scheduler is deployed.

    image: with kflite in it. secret: of the namespace, whose entries become the scheduler's environment: KFLITE_STORE with a
    PostgreSQL URL, KFLITE_ARTIFACTS, keys of an object store; "" keeps SQLite and artifacts in a claim of `size`. storage_secret:
    the keys of the object store alone, for the pods of tasks.
    replicas: more than one needs PostgreSQL: each run is with one of them, and another takes it over when that one is gone.
    """

    image: str
    namespace: str = ""
    secret: str = ""
    storage_secret: str = ""
    replicas: int = 1
    size: str = "10Gi"
    pull_policy: str = "IfNotPresent"


def rights(namespace: str = "") -> list[Manifest]:
    """An account with a scheduler's rights in one namespace only."""
    reference: Value = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": NAME}
    subject: Value = {"kind": "ServiceAccount", "name": NAME, **({"namespace": namespace} if namespace else {})}
    rbac = "rbac.authorization.k8s.io/v1"
    return [
        _object("v1", "ServiceAccount", namespace),
        _object(rbac, "Role", namespace, rules=rules()),
        _object(rbac, "RoleBinding", namespace, roleRef=reference, subjects=[subject]),
    ]


def manifests(asked: Deployment) -> list[Manifest]:
    """All manifests to apply."""
    kept = [] if asked.secret else [_claim(asked)]
    return [*rights(asked.namespace), *kept, _deployment(asked)]


def _object(version: str, kind: str, namespace: str, **more: Value) -> Manifest:
    about: Value = {"name": NAME, "labels": dict(_LABELS), **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": version, "kind": kind, "metadata": about, **more}


def _claim(asked: Deployment) -> Manifest:
    spec: Value = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": asked.size}}}
    return _object("v1", "PersistentVolumeClaim", asked.namespace, spec=spec)


def _deployment(asked: Deployment) -> Manifest:
    template: Value = {"metadata": {"labels": dict(_LABELS)}, "spec": _pod(asked)}
    # Two at once would share a file that only one may write.
    strategy: Value = {"type": "RollingUpdate" if asked.secret else "Recreate"}
    spec: Value = {
        "replicas": asked.replicas,
        "selector": {"matchLabels": dict(_LABELS)},
        "strategy": strategy,
        "template": template,
    }
    return _object("apps/v1", "Deployment", asked.namespace, spec=spec)


def _pod(asked: Deployment) -> Value:
    home: Value = (
        {"name": "home", "emptyDir": {}} if asked.secret else {"name": "home", "persistentVolumeClaim": {"claimName": NAME}}
    )
    return {
        "serviceAccountName": NAME,
        "containers": [_container(asked)],
        "volumes": [home, {"name": "tmp", "emptyDir": {}}],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "fsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def _container(asked: Deployment) -> Value:
    container: dict[str, Value] = {
        "name": NAME,
        "image": asked.image,
        "imagePullPolicy": asked.pull_policy,
        "command": ["kflite", "serve", "--on", "kubernetes"],
        "env": _environment(asked),
        "volumeMounts": [{"name": "home", "mountPath": _HOME}, {"name": "tmp", "mountPath": "/tmp"}],
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    return container | ({"envFrom": [{"secretRef": {"name": asked.secret}}]} if asked.secret else {})


def _environment(asked: Deployment) -> Value:
    """The scheduler's variables; its own image stages the files of tasks."""
    told = {"KFLITE_HOME": f"{_HOME}/home", "KFLITE_KUBERNETES_STAGING_IMAGE": asked.image}
    told |= {"KFLITE_KUBERNETES_STORAGE_SECRET": asked.storage_secret} if asked.storage_secret else {}
    return [{"name": name, "value": text} for name, text in told.items()]
