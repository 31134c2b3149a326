"""From a job to the containers that bring its files to the pod and from it. Pure; what they do is in `program`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from kflite.core.job import Job
from kflite.executors.folders import working_folder
from kflite.executors.kubernetes.container import SAFE, PodOrder, escaped, root_mounts, roots, shared
from kflite.executors.kubernetes.fields import Fields
from kflite.executors.kubernetes.options import KubernetesOptions

PROGRAM = "stage.py"
STAGE_COMMAND = ("python3", "-B", f"/kflite-program/{PROGRAM}")
SEND_S = 600.0  # how long a pod waits for its inputs
LONGEST_FILES = 64 << 10  # bytes of texts that go in the manifest; more is sent as inputs are
_NEEDS: Fields = {"requests": {"cpu": "10m", "memory": "32Mi"}}


def staged_schemes(settings: KubernetesOptions) -> tuple[str, ...]:
    """The schemes of URIs that pods copy themselves."""
    return ("s3",) if settings.storage_secret and not shared(settings) else ()


def by_pods(pairs: Iterable[tuple[str, Path]], settings: KubernetesOptions) -> list[tuple[str, Path]]:
    """Of (URI, path), those that pods copy themselves."""
    return [(uri, path) for uri, path in pairs if uri.partition("://")[0] in staged_schemes(settings)]


def outputs(job: Job, settings: KubernetesOptions) -> tuple[Path, ...]:
    """What is to come to this machine of what main writes."""
    pushed = {path for _, path in by_pods(job.push, settings)}
    return tuple(path for path in job.outputs if path not in pushed)


def fetch(job: Job, order: PodOrder, settings: KubernetesOptions) -> Fields:
    """What prepares the pod before main."""
    staged = not shared(settings)
    files = {} if order.send or not staged else {str(path): text for path, text in job.files.items()}
    folders = {working_folder(job, replica) for replica in job.replicas} | {path.parent for path in job.outputs}
    stage = {
        "folders": sorted(map(str, folders)) if staged else [],
        "sent": [str(path) for _, path in job.fetch] if order.send else [],
        "get": _named(by_pods(job.fetch, settings)),
        "files": files,
        "send": order.send and staged,
        "send_s": SEND_S,
        "hosts": order.hosts,
        "gang_s": settings.gang_s,
    }
    return _staging("fetch", job, stage, settings)


def push(job: Job, settings: KubernetesOptions) -> Fields:
    """What keeps the outputs after main until they are stored."""
    stage = {
        "outputs": [str(path) for path in outputs(job, settings)],
        "put": _named(by_pods(job.push, settings)),
        "keep_s": settings.push_s,
    }
    return _staging("push", job, stage, settings)


def _named(pairs: list[tuple[str, Path]]) -> list[list[str]]:
    return [[uri, str(path)] for uri, path in pairs]


def _staging(verb: str, job: Job, stage: Mapping[str, object], settings: KubernetesOptions) -> Fields:
    places = [[str(root), f"roots/{index}"] for index, root in enumerate(roots(job))] if not shared(settings) else []
    told = json.dumps({"roots": places, **stage}, separators=(",", ":"))
    base: list[Fields] = [{"name": "kflite", "mountPath": "/kflite"}]
    return {
        "name": verb,
        "image": settings.images.image(settings.staging_image),
        "imagePullPolicy": "IfNotPresent",
        "command": [*STAGE_COMMAND, verb],
        "env": [{"name": "KFLITE_STAGE", "value": escaped(told)}],
        **({"envFrom": [{"secretRef": {"name": settings.storage_secret}}]} if settings.storage_secret else {}),
        "resources": _NEEDS,
        "securityContext": SAFE,
        "volumeMounts": [
            {"name": "kflite-program", "mountPath": "/kflite-program", "readOnly": True},
            *(base if not shared(settings) else []),
            *(root_mounts(job, settings) if verb == "push" else []),
        ],
    }
